using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace DelayQueueApi.Security;

/// <summary>keys new: makes a key, and shows it once with the entry that makes it good.</summary>
internal static class NewKey
{
    private const string Usage = """
        keys new --id <id> --scopes <scopes> [--queues <queues>] [--namespace <namespace>] [--expires <instant>]
          --id         whose key it is: a-z, 0-9, '-'
          --scopes     some of produce,consume,read,admin,operate
          --queues     names, or beginnings of names with a star: mail-*,sms; * by default
          --namespace  default by default
          --expires    such as 2030-01-31T00:00:00Z; never by default
        """;

    private static readonly JsonSerializerOptions Entry = new() { WriteIndented = true, DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    /// <returns>The exit code: 0 where a key was made, 2 where the command is not understood.</returns>
    public static int Run(string[] args, TextWriter output, TextWriter errors)
    {
        try
        {
            var asked = Read(args);
            var (key, hash) = KeyText.New(asked.Id);
            asked.SecretHash = Convert.ToHexStringLower(hash);
            _ = asked.ToKey("keys new");
            output.WriteLine($"""
                The key, which is shown only now; give it to its client:

                  {key}

                The entry, which is no secret; add it to Security:Keys, or to the array in the file that Security:KeysFile names:

                {JsonSerializer.Serialize(asked, Entry)}
                """);
            return 0;
        }
        catch (FormatException error)
        {
            errors.WriteLine(error.Message);
            errors.WriteLine(Usage);
            return 2;
        }
    }

    private static KeyOptions Read(string[] args)
    {
        var key = new KeyOptions();
        for (var i = 0; i < args.Length; i += 2)
        {
            var value = i + 1 < args.Length ? args[i + 1] : throw new FormatException($"{args[i]} needs a value.");
            switch (args[i])
            {
                case "--id":
                    key.Id = value;
                    break;
                case "--scopes":
                    key.Scopes = value;
                    break;
                case "--queues":
                    key.Queues = value;
                    break;
                case "--namespace":
                    key.Namespace = value;
                    break;
                case "--expires":
                    key.ExpiresAt = DateTimeOffset.Parse(value, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
                    break;
                default:
                    throw new FormatException($"{args[i]} is not known.");
            }
        }

        return key;
    }
}
