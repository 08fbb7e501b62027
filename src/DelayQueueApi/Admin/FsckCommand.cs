using System.Text.Json;
using DelayQueueApi.Store;
using DelayQueueApi.Telemetry;
using Microsoft.Extensions.Options;

namespace DelayQueueApi.Admin;

/// <summary>
/// <c>DelayQueueApi fsck [--repair] [--Section:Key=value…]</c>: checks the store that the configuration names, and serves nothing.
/// Exit codes: 0 the store is sound, or repaired; 1 there are faults; 2 it could not be checked; 64 the command line is wrong.
/// </summary>
internal static class FsckCommand
{
    private const string Name = "fsck";
    private const string RepairOption = "--repair";
    private const int WrongUsage = 64;

    /// <summary>Nobody waits for one call to the store, so it may take longer.</summary>
    private const int PatientMs = 5_000;

    public static bool IsMeant(string[] args) => args.FirstOrDefault() == Name;

    public static async Task<int> RunAsync(string[] args)
    {
        var settings = args[1..].Where(arg => arg != RepairOption).ToArray();
        if (Array.Find(settings, setting => !setting.StartsWith("--", StringComparison.Ordinal) || !setting.Contains('=')) is { } unknown)
        {
            await Console.Error.WriteLineAsync($"{unknown} is not known. Usage: fsck [{RepairOption}] [--Section:Key=value…]");
            return WrongUsage;
        }

        await using var app = Build(settings);
        try
        {
            if (app.Services.GetRequiredService<StoreConnection>().IsEmbedded)
            {
                app.Services.GetRequiredService<EmbeddedStore>().Start();
            }

            var (there, configured) = (await app.Services.GetRequiredService<PartitionsInStore>().CountAsync(), app.Services.GetRequiredService<Partitions>().Count);
            if (there > configured)
            {
                await Console.Error.WriteLineAsync($"The store has {there} partitions and Store:Partitions is {configured}: set it as for the service.");
                return WrongUsage;
            }

            var repair = args.Contains(RepairOption);
            var report = await app.Services.GetRequiredService<Fsck>().RunAsync(repair);
            Print(report, repair);
            return report.Left == 0 ? 0 : 1;
        }
        catch (Exception error) when (error is StoreException or OptionsValidationException)
        {
            await Console.Error.WriteLineAsync(error.Message);
            return error is OptionsValidationException ? WrongUsage : 2;
        }
    }

    private static WebApplication Build(string[] settings)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = settings, ContentRootPath = AppContext.BaseDirectory });
        builder.Logging.ClearProviders();
        builder.Services.AddSingleton(TimeProvider.System).AddSingleton<StoreMetrics>().AddStore().PostConfigure<StoreOptions>(store => store.TimeoutMs = Math.Max(store.TimeoutMs, PatientMs));
        return builder.Build();
    }

    private static void Print(FsckReport report, bool repair)
    {
        Console.WriteLine($"{report.Jobs} jobs, {report.Queues.Count} queues and {report.Schedules} schedules were looked at.");
        foreach (var (kind, count, examples) in report.Faults)
        {
            Console.WriteLine($"{JsonNamingPolicy.KebabCaseLower.ConvertName($"{kind}")}: {count}");
            foreach (var example in examples)
            {
                Console.WriteLine($"  {example}");
            }

            if (count > examples.Count)
            {
                Console.WriteLine($"  … and {count - examples.Count} more");
            }
        }

        Console.WriteLine((report.Count, report.Left) switch
        {
            (0, _) => "The store is sound.",
            (var found, 0) => $"{found} faults are repaired.",
            (var found, var left) when repair => $"{found - left} faults are repaired, {left} are not: see docs/operations.md.",
            var (found, _) => $"{found} faults. Run it with {RepairOption} to repair them.",
        });
    }
}
