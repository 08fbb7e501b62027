using System.Collections.Frozen;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;
using Microsoft.Extensions.FileProviders;
using Microsoft.Extensions.FileProviders.Physical;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;

namespace DelayQueueApi.Security;

/// <summary>The keys that are good now. They are read again when configuration or the file changes, so that one can be revoked without a restart.</summary>
internal sealed partial class KeyRing : IDisposable
{
    private const string Section = "Security:Keys";

    private static readonly JsonSerializerOptions FileFormat = new()
    {
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        AllowDuplicateProperties = false,
        ReadCommentHandling = JsonCommentHandling.Skip,
        AllowTrailingCommas = true,
    };

    private readonly IConfiguration configuration;
    private readonly string? file;
    private readonly bool hasOtherWays;
    private readonly TimeProvider time;
    private readonly ILogger log;
    private readonly List<IDisposable> watches = [];
    private readonly Lock gate = new();
    private volatile FrozenDictionary<string, ApiKey[]> keys;
    private volatile bool isOpen;

    /// <exception cref="FormatException">An entry is not valid.</exception>
    public KeyRing(IConfiguration configuration, IOptions<SecurityOptions> options, TimeProvider time, ILogger<KeyRing> log)
    {
        (this.configuration, this.time, this.log) = (configuration, time, log);
        file = options.Value.KeysFile is { Length: > 0 } path ? Path.GetFullPath(path) : null;
        hasOtherWays = options.Value.Jwt.IsOn;
        keys = Read();
        isOpen = keys.Count == 0 && file is null && !hasOtherWays;

        watches.Add(ChangeToken.OnChange(configuration.GetReloadToken, ReadAgain));
        if (file is not null)
        {
            var folder = new PhysicalFileProvider(Path.GetDirectoryName(file)!, ExclusionFilters.None);
            watches.Add(ChangeToken.OnChange(() => folder.Watch(Path.GetFileName(file)), ReadAgain));
            watches.Add(folder);
        }
    }

    /// <summary>Whether there is no way to tell who calls. Once there was one, the service never opens again until it is started anew.</summary>
    public bool IsOpen => isOpen;

    /// <param name="key">What a client has sent.</param>
    /// <returns>Who it is, or null where the key is none of ours, was revoked or has expired.</returns>
    public CallerPrincipal? Find(string key)
    {
        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        if (!KeyText.TryHash(key, hash, out var id) || !keys.GetAlternateLookup<ReadOnlySpan<char>>().TryGetValue(id, out var candidates))
        {
            return null;
        }

        foreach (var candidate in candidates)
        {
            if (CryptographicOperations.FixedTimeEquals(candidate.Hash, hash) && (candidate.ExpiresAt is not { } end || end > time.GetUtcNow()))
            {
                return candidate.Principal;
            }
        }

        return null;
    }

    public void Dispose() => watches.ForEach(watch => watch.Dispose());

    /// <summary>What configuration and the file say now.</summary>
    /// <exception cref="FormatException">An entry is not valid.</exception>
    public FrozenDictionary<string, ApiKey[]> Read()
    {
        var configured = configuration.GetSection(Section).GetChildren()
            .Select(entry => ReadEntry(entry).ToKey(entry.Path));
        var filed = file is null ? [] : ReadFile(file);
        return configured.Concat(filed).GroupBy(key => key.Id).ToFrozenDictionary(keys => keys.Key, keys => keys.ToArray());
    }

    /// <summary>A field that is not known may be a misspelt bound, without which the key would be good for more than it should be.</summary>
    private static KeyOptions ReadEntry(IConfigurationSection entry)
    {
        try
        {
            return entry.Get<KeyOptions>(binder => binder.ErrorOnUnknownConfiguration = true) ?? throw new FormatException($"{entry.Path}: is empty.");
        }
        catch (InvalidOperationException error)
        {
            throw new FormatException($"{entry.Path}: {error.Message}", error);
        }
    }

    private static IEnumerable<ApiKey> ReadFile(string file)
    {
        var entries = JsonSerializer.Deserialize<KeyOptions[]>(File.ReadAllBytes(file), FileFormat) ?? throw new FormatException($"{file}: is no array.");
        return entries.Select((entry, i) => entry.ToKey($"{file}[{i}]"));
    }

    private void ReadAgain()
    {
        try
        {
            // One after the other, so that what was read last is what holds.
            lock (gate)
            {
                keys = Read();
                isOpen = isOpen && keys.Count == 0;
            }

            LogRead(keys.Sum(id => id.Value.Length), keys.Count);
        }
#pragma warning disable CA1031 // Whatever is wrong with them, those that were good before are not to be lost for it.
        catch (Exception error)
#pragma warning restore CA1031
        {
            LogUnreadable(error.Message);
        }
    }

    [LoggerMessage(LogLevel.Information, "Keys were read again: {Count} keys of {Ids} ids are good now.")]
    private partial void LogRead(int count, int ids);

    [LoggerMessage(LogLevel.Error, "Keys cannot be read; those that were good before still are. {Reason}")]
    private partial void LogUnreadable(string reason);
}
