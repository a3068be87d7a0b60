using Azure;
using Azure.Identity;
using BatchFunctions.Storage;

namespace BatchFunctions.Tests.Storage;

/// <summary>What may pass, and what is an operator's to put right.</summary>
public sealed class StorageFaultsTests
{
    [Fact]
    public void A_token_that_cannot_be_had_may_be_had_later()
    {
        Assert.True(StorageFaults.IsFault(new AuthenticationFailedException("The endpoint of the managed identity does not answer.")));
        Assert.True(StorageFaults.IsFault(new CredentialUnavailableException("There is none yet.")));
        Assert.True(StorageFaults.IsFault(new AggregateException(new AuthenticationFailedException("Once."), new RequestFailedException(503, "Twice."))));
    }

    [Theory]
    [InlineData(400)]
    [InlineData(403)]
    [InlineData(404)]
    [InlineData(412)]
    public void What_storage_says_of_a_request_is_no_fault(int status) => Assert.False(StorageFaults.IsFault(new RequestFailedException(status, "No.")));
}
