using System.Diagnostics.Metrics;
using DelayQueueApi.Jobs;
using DelayQueueApi.Leases;
using DelayQueueApi.Store;

namespace DelayQueueApi.Telemetry;

/// <summary>What becomes of jobs by calls on this process, in numbers.</summary>
internal sealed class JobMetrics
{
    private readonly QueueLabels labels;
    private readonly TimeProvider time;
    private readonly Counter<long> sent;
    private readonly Counter<long> consumed;
    private readonly Histogram<double> lateness;
    private readonly Histogram<double> wait;
    private readonly Histogram<double> process;

    /// <summary>By how many ms the store's clock is ahead of this host's, as the last reply that told it has shown.</summary>
    private long aheadMs;

    public JobMetrics(IMeterFactory meters, QueueLabels labels, TimeProvider time)
    {
        (this.labels, this.time) = (labels, time);
        var meter = meters.Create(Instruments.Meter);
        sent = meter.CreateCounter<long>("messaging.client.sent.messages", "{message}", "Jobs made.");
        consumed = meter.CreateCounter<long>("messaging.client.consumed.messages", "{message}", "Jobs leased to workers.");
        lateness = meter.CreateHistogram("delayqueue.job.lateness", "s", "From a job's run-at to its claim.", advice: Instruments.Long);
        wait = meter.CreateHistogram("delayqueue.job.wait", "s", "From the making of a job to its first claim.", advice: Instruments.Long);
        process = meter.CreateHistogram("messaging.process.duration", "s", "From the claim of a job to its ack, nack or release.", advice: Instruments.Long);
    }

    public void Made(IReadOnlyList<NewJob> jobs, IReadOnlyList<Scheduled> answers)
    {
        var (tally, now) = (new Tally(sent, this, label => label.Send), default(DateTimeOffset));
        for (var i = 0; i < answers.Count; i++)
        {
            if (answers[i].Outcome == ScheduleOutcome.Made)
            {
                tally.Add(jobs[i].Queue.Stored);
                now = answers[i].EnqueuedAt;
            }
        }

        tally.Flush();
        // Others tell when the job was made that is there already, or nothing; follow-ups tell nothing.
        if (now.Ticks > 0)
        {
            See(now);
        }
    }

    public void Claimed(IReadOnlyList<Claimed> answers)
    {
        See(answers[0].Now);
        var tally = new Tally(consumed, this, label => label.Receive);
        foreach (var answer in answers)
        {
            foreach (var job in answer.Jobs)
            {
                // A claim that is repeated gets what it was given before.
                if (job.Fence >= answer.Now.ToUnixTimeMilliseconds())
                {
                    tally.Add(job.StoredQueue);
                    Time(job, answer.Now);
                }
            }
        }

        tally.Flush();
    }

    /// <param name="lease">What was given back.</param>
    /// <param name="call">By which call: ack, nack or release.</param>
    public void Settled(HeldLease lease, string call)
    {
        if (process.Enabled)
        {
            var label = labels.Of(lease.Token.Queue.Stored);
            // The fence is the instant of the claim on the store's clock.
            var ms = time.GetUtcNow().ToUnixTimeMilliseconds() + Volatile.Read(ref aheadMs) - Stored.U48(lease.Token.Name.Span);
            process.Record(Math.Max(0, ms / 1000.0), call switch { "ack" => label.Ack, "nack" => label.Nack, _ => label.Release });
        }
    }

    private void See(DateTimeOffset now) => Volatile.Write(ref aheadMs, (long)(now - time.GetUtcNow()).TotalMilliseconds);

    private void Time(JobRecord job, DateTimeOffset now)
    {
        if (lateness.Enabled)
        {
            var queue = labels.Of(job.StoredQueue).Queue;
            lateness.Record((now - job.RunAt).TotalSeconds, queue);
            // A redriven job has its attempts anew.
            if (job is { Attempt: 1, Releases: 0, Nacks: 0, Expiries: 0 })
            {
                wait.Record((now - job.EnqueuedAt).TotalSeconds, queue);
            }
        }
    }

    /// <summary>Counts jobs of one queue after the other at once: those of a script call are mostly of one.</summary>
    private struct Tally(Counter<long> counter, JobMetrics metrics, Func<QueueLabel, KeyValuePair<string, object?>[]> tags)
    {
        private string? queue;
        private int count;

        public void Add(string storedQueue)
        {
            if (storedQueue != queue)
            {
                Flush();
                queue = storedQueue;
            }

            count++;
        }

        public void Flush()
        {
            if (count > 0 && counter.Enabled)
            {
                counter.Add(count, tags(metrics.labels.Of(queue!)));
            }

            count = 0;
        }
    }
}
