using System.Security.Cryptography;

namespace DelayQueueApi.Store;

/// <summary>Random bytes that nobody can guess. They are asked of the system many at a time, since a few cost it as much.</summary>
internal static class Unguessable
{
    private const int Asked = 1024;

    [ThreadStatic]
    private static byte[]? bytes;

    [ThreadStatic]
    private static int left;

    /// <param name="target">Up to 1,024 bytes to fill.</param>
    public static void Fill(Span<byte> target)
    {
        bytes ??= new byte[Asked];
        if (left < target.Length)
        {
            RandomNumberGenerator.Fill(bytes);
            left = Asked;
        }

        left -= target.Length;
        bytes.AsSpan(left, target.Length).CopyTo(target);
    }

    public static byte[] Bytes(int count)
    {
        var made = new byte[count];
        Fill(made);
        return made;
    }
}
