using CsCheck;
using DelayQueueApi.Jobs;

namespace DelayQueueApi.Tests.Jobs;

public sealed class JobIdTests
{
    private const string Id = "0-01M83VNRT5000009VMC8KNA3D9";

    private static readonly Gen<byte[]> Stored = Gen.Byte.Array[JobId.StoredBytes];

    [Fact]
    public void An_id_keeps_its_form()
    {
        Assert.Equal("01A207BAE3450000002774622755", Convert.ToHexString(new JobId(Id).Stored!));
        Assert.Equal(Id, JobId.FromStored(0, Convert.FromHexString("01A207BAE3450000002774622755")).Text);
    }

    [Fact]
    public void An_id_leads_back_to_what_is_stored() => Stored.Sample(stored =>
    {
        var id = JobId.FromStored(0, stored);

        Assert.Matches("^0-[0-7][0-9A-HJKMNP-TV-Z]{25}$", id.Text);
        Assert.Equal(stored, id.Stored);
    });

    [Fact]
    public void Ids_sort_as_what_is_stored() => Gen.Select(Stored, Stored, Gen.Int[0, JobId.StoredBytes]).Sample((one, other, alike) =>
    {
        one.AsSpan(0, alike).CopyTo(other);

        Assert.Equal(
            Math.Sign(one.AsSpan().SequenceCompareTo(other)),
            Math.Sign(string.CompareOrdinal(JobId.FromStored(0, one).Text, JobId.FromStored(0, other).Text)));
    });

    [Fact]
    public void An_id_with_any_other_character_is_none() => Gen.Select(Stored, Gen.Int[0, Id.Length - 1], Gen.Frequency((3, Gen.Char["0-9A-Z"]), (1, Gen.Char))).Sample((stored, at, other) =>
    {
        var id = JobId.FromStored(0, stored).Text;

        Assert.Equal(id[at] == other, new JobId($"{id[..at]}{other}{id[(at + 1)..]}").Stored is not null);
    });

    [Fact]
    public void An_id_with_two_neighbours_swapped_is_none() => Gen.Select(Stored, Gen.Int[0, Id.Length - 2]).Sample((stored, at) =>
    {
        var id = JobId.FromStored(0, stored).Text;

        Assert.Equal(id[at] == id[at + 1], new JobId($"{id[..at]}{id[at + 1]}{id[at]}{id[(at + 2)..]}").Stored is not null);
    });

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("0-")]
    [InlineData("01M83VNRT5000009VMC8KNA3D9")]
    [InlineData("0-01m83vnrt5000009vmc8kna3d9")]
    [InlineData("0-01M83VNRT5000009VMC8KNA3D")]
    [InlineData("0-01M83VNRT5000009VMC8KNA3D90")]
    [InlineData("0-01M83VNRT5000009VMC8KNA3D9\n")]
    [InlineData("0-00000000000000000000000000")]
    public void Another_text_is_no_id(string? text)
    {
        Assert.True(JobId.TryParse(text, out var id));
        Assert.Null(id.Stored);
    }
}
