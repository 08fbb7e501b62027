using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using DelayQueueApi.Security;

namespace DelayQueueApi.Tests.Security;

/// <summary>keys new</summary>
public sealed class NewKeyTests
{
    [Fact]
    public void It_shows_a_key_and_the_entry_that_makes_it_good()
    {
        var output = new StringWriter();

        var exitCode = NewKey.Run(["--id", "billing", "--scopes", "produce,consume", "--queues", "mail-*", "--expires", "2030-01-31T00:00:00Z"], output, TextWriter.Null);

        var text = output.ToString();
        var key = text.Split('\n').Select(line => line.Trim()).Single(line => line.StartsWith("dq_billing_", StringComparison.Ordinal));
        var entry = JsonSerializer.Deserialize<KeyOptions>(text[text.IndexOf('{', StringComparison.Ordinal)..])!;
        Assert.Equal(0, exitCode);
        Assert.Equal(43, key["dq_billing_".Length..].Length);
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(key["dq_billing_".Length..]))), entry.SecretHash);
        Assert.Equal(("billing", "produce,consume", "mail-*", "default", 2030), (entry.Id, entry.Scopes, entry.Queues, entry.Namespace, entry.ExpiresAt!.Value.Year));
    }

    [Theory]
    [InlineData("--id", "billing")]
    [InlineData("--id", "Billing", "--scopes", "read")]
    [InlineData("--id", "a_b", "--scopes", "read")]
    [InlineData("--id", "a", "--scopes", "write")]
    [InlineData("--id", "a", "--scopes", "read", "--queues", "*mail")]
    [InlineData("--id", "a", "--scopes", "read", "--namespace", "a/b")]
    [InlineData("--id", "a", "--scopes", "read", "--expires", "soon")]
    [InlineData("--id", "a", "--scopes")]
    [InlineData("--who", "a")]
    public void What_it_does_not_understand_makes_no_key(params string[] args)
    {
        var (output, errors) = (new StringWriter(), new StringWriter());

        Assert.Equal(2, NewKey.Run(args, output, errors));

        Assert.Empty(output.ToString());
        Assert.Contains("keys new --id", errors.ToString(), StringComparison.Ordinal);
    }
}
