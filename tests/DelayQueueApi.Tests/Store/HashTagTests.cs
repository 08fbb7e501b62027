using DelayQueueApi.Store;

namespace DelayQueueApi.Tests.Store;

public class HashTagTests
{
    private const int Slots = 16384;

    /// <summary>Source: the Redis Cluster specification, and CLUSTER KEYSLOT.</summary>
    [Theory]
    [InlineData("123456789", 12739)]
    [InlineData("0", 13907)]
    public void The_slot_is_that_of_Redis(string tag, int slot) => Assert.Equal(slot, HashTag.SlotOf(tag));

    [Fact]
    public void The_first_partition_has_its_number_as_its_tag() => Assert.Equal("0", HashTag.Of(0));

    [Theory]
    [InlineData(3)]
    [InlineData(6)]
    [InlineData(9)]
    public void On_three_nodes_that_share_the_slots_evenly_each_has_as_many_partitions(int partitions) =>
        Assert.Equal([partitions / 3, partitions / 3, partitions / 3],
            Enumerable.Range(0, partitions).GroupBy(partition => HashTag.SlotOf(HashTag.Of(partition)) / 5461).Select(node => node.Count()));

    [Fact]
    public void No_two_partitions_share_a_tag() =>
        Assert.Equal(Partitions.Most, Enumerable.Range(0, Partitions.Most).Select(HashTag.Of).Distinct().Count());

    [Fact]
    public void Where_partitions_are_added_a_key_stays_or_moves_into_one_of_them()
    {
        var (few, many) = (new Partitions("p", 3), new Partitions("p", 4));
        var moved = 0;
        for (var key = 0; key < 1_000; key++)
        {
            var (before, after) = (few.Of($"k{key}").Number, many.Of($"k{key}").Number);
            Assert.True(after == before || after == 3);
            moved += after == before ? 0 : 1;
        }

        Assert.InRange(moved, 150, 350);
    }

    [Fact]
    public void Shares_add_up()
    {
        var partitions = new Partitions("p", 3);
        Assert.Equal([4, 3, 3], partitions.Select(partition => partitions.ShareOf(partition, 10)));
    }
}
