using DelayQueueApi.Reaping;
using DelayQueueApi.Schedules;
using DelayQueueApi.Store;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.AspNetCore.TestHost;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Time.Testing;
using StackExchange.Redis;

namespace DelayQueueApi.Tests.Hosting;

/// <summary>The service in this process, with the clock of the test; its loops run only when a test says so.</summary>
internal sealed class ApiHost(string connection, string prefix, FakeTimeProvider clock, IReadOnlyDictionary<string, string> settings)
    : WebApplicationFactory<Program>
{
    protected override void ConfigureWebHost(IWebHostBuilder builder)
    {
        builder.UseSetting("ConnectionStrings:Redis", connection);
        builder.UseSetting("Store:KeyPrefix", prefix);
        builder.UseSetting("Store:TimeoutMs", "30000");
        foreach (var (key, value) in settings)
        {
            builder.UseSetting(key, value);
        }

        builder.ConfigureTestServices(services =>
        {
            services.AddLogging(logs => logs.ClearProviders());
            services.RemoveAll<TimeProvider>().AddSingleton<TimeProvider>(clock);
            services.RemoveAll<StoreClock>().AddSingleton<StoreClock>(new VirtualClock(clock));
            foreach (var loop in (Type[])[typeof(Reaper), typeof(Scheduler)])
            {
                services.Remove(services.Single(service => service.ServiceType == typeof(IHostedService)
                    && service.ImplementationFactory?.Method.ReturnType == loop));
            }
        });
    }
}

/// <summary>Tells scripts the time of the test, and counts them.</summary>
internal sealed class VirtualClock(FakeTimeProvider clock) : StoreClock
{
    private int asked;

    public int Asked => Volatile.Read(ref asked);

    /// <summary>Runs before each script, which has been put together by then. What it throws is why the script fails.</summary>
    public Action? BeforeScript { get; set; }

    public override RedisValue Now
    {
        get
        {
            Interlocked.Increment(ref asked);
            BeforeScript?.Invoke();
            return clock.GetUtcNow().ToUnixTimeMilliseconds();
        }
    }
}
