using DelayQueueApi.Store;
using Microsoft.AspNetCore.Diagnostics;

namespace DelayQueueApi.Http;

/// <summary>A store that is away is 503 and tells when to come back; a client that is away needs no answer.</summary>
internal sealed partial class StoreExceptionHandler(ILogger<StoreExceptionHandler> log) : IExceptionHandler
{
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is OperationCanceledException && httpContext.RequestAborted.IsCancellationRequested)
        {
            return true;
        }

        if (exception is not StoreException store)
        {
            return false;
        }

        LogUnavailable(store.Message, store.Applied, store.InnerException?.Message);
        await Problems.StoreUnavailable(store).ExecuteAsync(httpContext);
        return true;
    }

    [LoggerMessage(LogLevel.Warning, "{Reason} Applied: {Applied}. {Cause}")]
    private partial void LogUnavailable(string reason, Applied applied, string? cause);
}
