using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace DelayQueueApi.Security;

/// <summary>A key as its client holds it: dq_, an id that may be known, _, and a secret of 256 random bits. Only the secret's SHA-256 is kept here.</summary>
internal static partial class KeyText
{
    public const string Prefix = "dq_";
    public const string IdRule = "must be 1 to 32 of a-z, 0-9, '-', and begin with a letter or digit";

    private const int SecretBytes = 32;
    private const int MostSecretChars = 256;

    public static bool IsId(string id) => IdPattern().IsMatch(id);

    public static (string Key, byte[] Hash) New(string id)
    {
        var secret = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
        return ($"{Prefix}{id}_{secret}", SHA256.HashData(Encoding.ASCII.GetBytes(secret)));
    }

    /// <param name="key">What a client has sent.</param>
    /// <param name="hash">32 bytes, which are the hash of the secret then.</param>
    /// <param name="id">Whose key it says it is.</param>
    /// <returns>False where it has not the form of a key.</returns>
    public static bool TryHash(ReadOnlySpan<char> key, Span<byte> hash, out ReadOnlySpan<char> id)
    {
        id = default;
        if (!key.StartsWith(Prefix))
        {
            return false;
        }

        var rest = key[Prefix.Length..];
        var end = rest.IndexOf('_');
        var secret = rest[(end + 1)..];
        if (end < 1 || secret.Length is 0 or > MostSecretChars || !Ascii.IsValid(secret))
        {
            return false;
        }

        Span<byte> bytes = stackalloc byte[MostSecretChars];
        id = rest[..end];
        SHA256.HashData(bytes[..Encoding.ASCII.GetBytes(secret, bytes)], hash);
        return true;
    }

    [GeneratedRegex(@"\A[a-z0-9][a-z0-9-]{0,31}\z")]
    private static partial Regex IdPattern();
}
