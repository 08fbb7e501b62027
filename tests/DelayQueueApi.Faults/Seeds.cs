namespace DelayQueueApi.Faults;

/// <summary>How long and by which chance faults come: fixed and short, unless tests/soak.sh says otherwise.</summary>
internal static class Seeds
{
    public static readonly int Seed = Of("DELAYQUEUE_FAULTS_SEED", 1);

    /// <returns>How often a test repeats its fault.</returns>
    public static int Rounds(int few) => Of("DELAYQUEUE_FAULTS_ROUNDS", few);

    private static int Of(string name, int otherwise) => int.TryParse(Environment.GetEnvironmentVariable(name), out var told) ? told : otherwise;
}
