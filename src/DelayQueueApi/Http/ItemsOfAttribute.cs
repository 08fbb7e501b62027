namespace DelayQueueApi.Http;

/// <summary>What the items of an array are that are read one by one, and how many there may be, for openapi.yaml.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ItemsOfAttribute(Type type, int most = Limits.MaxBatch) : Attribute
{
    public Type Type => type;

    public int Most => most;
}
