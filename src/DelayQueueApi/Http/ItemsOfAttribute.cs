namespace DelayQueueApi.Http;

/// <summary>What the items of an array are that are read one by one, for openapi.yaml.</summary>
[AttributeUsage(AttributeTargets.Property)]
internal sealed class ItemsOfAttribute(Type type) : Attribute
{
    public Type Type => type;
}
