namespace DelayQueueApi.Tests.Contract;

internal static class Repository
{
    /// <summary>The folder that holds DelayQueueApi.sln.</summary>
    public static string Root { get; } = Find(AppContext.BaseDirectory);

    private static string Find(string folder) =>
        File.Exists(Path.Combine(folder, "DelayQueueApi.sln")) ? folder : Find(Path.GetDirectoryName(folder)!);
}
