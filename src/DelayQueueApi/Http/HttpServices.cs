using System.Text.Json.Serialization;
using DelayQueueApi.Security;
using FluentValidation;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;

namespace DelayQueueApi.Http;

internal static class HttpServices
{
    public static WebApplicationBuilder AddHttp(this WebApplicationBuilder builder)
    {
        builder.Services.AddOptions<LimitOptions>().BindConfiguration("Limits").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton<IConfigureOptions<KestrelServerOptions>, KestrelLimits>();
        builder.Services.AddSingleton<BodyMemory>();
        builder.Services.AddHostedService<Draining>();
        builder.Services.AddOptions<HostOptions>().Configure<IOptions<LimitOptions>>((host, limits) =>
            host.ShutdownTimeout = TimeSpan.FromMilliseconds(30_000 + limits.Value.DrainMs));
        builder.Services.ConfigureHttpJsonOptions(json =>
        {
            json.SerializerOptions.TypeInfoResolverChain.Insert(0, WireJson.Default);
            json.SerializerOptions.PropertyNamingPolicy = WireJson.Default.Options.PropertyNamingPolicy;
            json.SerializerOptions.DefaultIgnoreCondition = WireJson.Default.Options.DefaultIgnoreCondition;
            json.SerializerOptions.UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow;
            json.SerializerOptions.NumberHandling = JsonNumberHandling.Strict;
            json.SerializerOptions.AllowDuplicateProperties = false;
            json.SerializerOptions.MaxDepth = WireJson.Default.Options.MaxDepth;
            json.SerializerOptions.Converters.Add(new InstantConverter());
        });
        builder.Services.AddProblemDetails(problems => problems.CustomizeProblemDetails = Problems.Complete).AddSingleton<IProblemDetailsWriter, ProblemWriter>();
        builder.Services.AddExceptionHandler<StoreExceptionHandler>();
        builder.Services.AddValidators();
        ApiConventions.UseJsonNames();
        return builder;
    }

    public static void UseHttp(this WebApplication app)
    {
        app.UseExceptionHandler();
        app.UseRouting();
        app.UseWhen(http => !HotCalls.IsHot(http), rest => rest.UseBrowserHeaders().UseStatusCodePages());
    }

    public static void MapService(this IEndpointRouteBuilder app)
    {
        var service = app.MapGroup("/").WithTags("Service");
        GetInfo.Map(service);
        WhoAmI.Map(service);
        Health.Map(service);
    }

    /// <summary>Every validator of this assembly, each as what validates its request.</summary>
    private static void AddValidators(this IServiceCollection services)
    {
        foreach (var found in AssemblyScanner.FindValidatorsInAssembly(typeof(HttpServices).Assembly, includeInternalTypes: true))
        {
            services.AddSingleton(found.InterfaceType, found.ValidatorType);
        }
    }
}
