using DelayQueueApi.Faults.Clients;

namespace DelayQueueApi.Faults.Histories;

/// <summary>All calls that concern one job, for people to read.</summary>
internal static class Timeline
{
    public static string Of(Evidence evidence, string id)
    {
        var life = evidence.Lives.GetValueOrDefault(id);
        var payload = life?.Made?.Payload ?? life?.MadeBy?.Then?.Payload ?? (life?.Grants is [var first, ..] ? first.Job.Payload : null);
        return string.Join('\n', evidence.Calls.Where(call => Concerns(call, id, payload)).Select(call =>
            $"  {Seconds(call.Began)} … {Seconds(call.Ended)}  {Who(call)}  {What(call, id)}"));
    }

    private static bool Concerns(Call call, string id, string? payload) => call switch
    {
        Create create => create.Made?.Id == id || create.Asked.Payload == payload,
        Claim claim => claim.Grants.Any(job => job.Id == id),
        Settle settle => settle.JobId == id || settle.FollowUp == id || (settle.Then is not null && settle.Then.Payload == payload),
        Cancel cancel => cancel.JobId == id,
        Look look => look.JobId == id,
        Fault => true,
        _ => false,
    };

    private static string What(Call call, string id) => call switch
    {
        Create create => $"create {create.Asked.Key} → {Told(call)} {create.Made?.Id} {create.Made?.RunAt:HH:mm:ss.fff}",
        Claim claim when claim.Grants.First(job => job.Id == id) is var job =>
            $"claim {claim.ClaimId} → attempt {job.Attempt}, fence {job.Lease.Fence}, {job.LateMs} ms late, until {job.Lease.ExpiresAt:HH:mm:ss.fff}",
        Settle settle => $"{settle.Verb} by {settle.Fence} → {Told(call)} {Answer(settle.Answer)}",
        Cancel => $"cancel → {Told(call)}",
        Look look => $"look → {look.Found?.State ?? Told(call)}",
        Fault fault => $"*** {fault.What} ***",
        _ => "",
    };

    private static string Answer(SettleAnswer? answer) =>
        answer is null ? "" : $"{answer.State} {answer.RunAt ?? answer.ExpiresAt:HH:mm:ss.fff} {string.Join(' ', answer.Then ?? [])}".Trim();

    private static string Told(Call call) => call.Reply.Status == 0 ? "no answer" : $"{call.Reply.Status} {call.Reply.Applied}".Trim();

    private static string Who(Call call) => call is Fault ? "       " : $"client {call.Trip.Client} at {call.Trip.Instance}";

    private static string Seconds(long micros) => micros == long.MaxValue ? "      never" : $"{micros / 1e6,11:0.000000}";
}
