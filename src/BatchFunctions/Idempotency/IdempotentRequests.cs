using BatchFunctions.Storage;

namespace BatchFunctions.Idempotency;

/// <summary>
/// Has requests with one key make one object. The key is claimed with the object's id, then the object is made. A crash in between
/// leaves a claim without an object, which is taken over once whoever claimed it can make nothing of it any more.
/// </summary>
internal sealed class IdempotentRequests(IdempotencyStore store, TimeProvider time)
{
    /// <summary>Longer than the making of anything takes: after that nothing comes of a claim.</summary>
    public static readonly TimeSpan MakingLimit = TimeSpan.FromMinutes(3);

    /// <summary>How long a request waits for one that came before it.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    private static readonly TimeSpan LooksEvery = TimeSpan.FromMilliseconds(200);

    /// <summary>Makes an object, or finds the one that was made.</summary>
    /// <param name="request">The request; null if its caller has given no key.</param>
    /// <param name="newId">The id of the object, if it is made.</param>
    /// <param name="find">Finds an object by its id.</param>
    /// <param name="make">Makes the object.</param>
    /// <param name="leavesNothing">Whether a failure to make it means that there is nothing, and will not be.</param>
    /// <param name="ct">Cancels the operation.</param>
    /// <returns>The object, and whether it was there before.</returns>
    /// <exception cref="KeyReusedException">The key stands for something else.</exception>
    /// <exception cref="ConcurrencyException">Another request with the key is making it still.</exception>
    public async Task<(T Made, bool IsReplayed)> RunAsync<T>(
        IdempotentRequest? request,
        string newId,
        Func<string, Task<T?>> find,
        Func<Task<T>> make,
        Func<Exception, bool> leavesNothing,
        CancellationToken ct)
        where T : class
    {
        if (request is null)
        {
            return (await make(), false);
        }

        var begun = time.GetUtcNow();
        var claim = await store.ClaimAsync(request, newId, ct);
        while (!claim.IsNew)
        {
            if (await find(claim.Id) is { } made)
            {
                return (made, true);
            }

            var now = time.GetUtcNow();
            if (now - claim.At >= MakingLimit)
            {
                claim = await store.TryTakeOverAsync(claim, newId, ct) ?? throw new ConcurrencyException("An idempotency key");
            }
            else if (now - begun >= Patience)
            {
                throw new ConcurrencyException("An idempotency key");
            }
            else
            {
                await Task.Delay(LooksEvery, time, ct);
                claim = await store.ClaimAsync(request, newId, ct);
            }
        }

        try
        {
            return (await make(), false);
        }
        catch (Exception e) when (leavesNothing(e))
        {
            await store.ReleaseAsync(claim);
            throw;
        }
    }
}
