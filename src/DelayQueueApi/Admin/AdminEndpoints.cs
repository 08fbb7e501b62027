using DelayQueueApi.Http;

namespace DelayQueueApi.Admin;

internal static class AdminEndpoints
{
    public static void MapAdmin(this IEndpointRouteBuilder app)
    {
        var admin = app.MapGroup("/admin").WithTags("Admin").WithApiConventions();
        RunFsck.Map(admin);
    }
}
