using System.Text;
using BatchFunctions.Receivers;
using Microsoft.AspNetCore.Http;
using StandardWebhooks;

namespace BatchFunctions.Tests.Receivers;

/// <summary>Signatures as another's implementation of Standard Webhooks takes them.</summary>
public sealed class EventSignatureTests
{
    private const string Body = """{"id":"evt_1","object":"event"}""";

    [Fact]
    public void The_specifications_example_is_signed_as_it_says() => Assert.Equal(
        "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
        EventSignature.Of(
            ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, Encoding.UTF8.GetBytes("""{"test": 2432232314}""")));

    [Fact]
    public void Whoever_knows_either_secret_takes_it_and_nobody_else()
    {
        string[] secrets = [ReceiverSecret.New(), ReceiverSecret.New()];
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        var headers = new HeaderDictionary
        {
            [EventSignature.IdHeader] = "evt_1",
            [EventSignature.TimeHeader] = $"{now}",
        };
        var signatures = EventSignature.Of(secrets, "evt_1", now, Encoding.UTF8.GetBytes(Body)).Split(' ');

        // One by one: this implementation looks at the first of several alone.
        Assert.All(secrets.Zip(signatures), pair =>
        {
            headers[EventSignature.Header] = pair.Second;
            new StandardWebhook(pair.First).Verify(Body, headers);
        });
        headers[EventSignature.Header] = signatures[0];
        Assert.ThrowsAny<Exception>(() => new StandardWebhook(ReceiverSecret.New()).Verify(Body, headers));
        Assert.ThrowsAny<Exception>(() => new StandardWebhook(secrets[0]).Verify(Body + " ", headers));
    }

    [Theory]
    [InlineData("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", true)]
    [InlineData("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", false)]
    [InlineData("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa", false)]
    [InlineData("whsec_no base64 at all, and long enough", false)]
    [InlineData("whsec_", false)]
    [InlineData("", false)]
    public void A_secret_has_a_form(string secret, bool isOne) => Assert.Equal(isOne, ReceiverSecret.TryRead(secret, out _));

    [Fact]
    public void A_secret_has_24_to_64_bytes()
    {
        Assert.True(ReceiverSecret.TryRead("whsec_" + Convert.ToBase64String(new byte[64]), out _));
        Assert.False(ReceiverSecret.TryRead("whsec_" + Convert.ToBase64String(new byte[65]), out _));
        Assert.False(ReceiverSecret.TryRead("whsec_" + Convert.ToBase64String(new byte[23]), out _));
    }
}
