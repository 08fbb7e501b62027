using System.Reflection;
using System.Security.Cryptography;
using System.Text;

namespace DelayQueueApi.Store;

/// <summary>A Lua file of this assembly with what it includes in front.</summary>
internal sealed record Script(string Name, string Text)
{
    /// <summary>The name by which the store knows it.</summary>
#pragma warning disable CA5350 // Redis names scripts by it; nothing is kept safe with it.
    public byte[] Sha1 { get; } = SHA1.HashData(Encoding.UTF8.GetBytes(Text));
#pragma warning restore CA5350

    private const string Include = "-- include ";

    /// <param name="path">Folder and file from the project's root, such as <c>Jobs/GetJob.lua</c>.</param>
    public static Script Load(string path)
    {
        var text = new StringBuilder();
        Append(text, path);
        return new Script(Path.GetFileNameWithoutExtension(path), text.ToString());
    }

    private static void Append(StringBuilder text, string path)
    {
        foreach (var line in Read(path).Split('\n'))
        {
            if (line.TrimStart().StartsWith(Include, StringComparison.Ordinal))
            {
                Append(text, line.Trim()[Include.Length..]);
            }
            else
            {
                text.Append(line).Append('\n');
            }
        }
    }

    private static string Read(string path)
    {
        var assembly = Assembly.GetExecutingAssembly();
        using var stream = assembly.GetManifestResourceStream(path) ?? assembly.GetManifestResourceStream(path.Replace('/', '\\'))
            ?? throw new InvalidOperationException($"The script {path} is not part of this build.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
