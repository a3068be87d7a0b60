namespace BatchFunctions.Protocol;

/// <summary>
/// The points of the protocol between two writes, where a crash or a pause could do harm. They are named so that tests
/// can stop a process at each of them.
/// </summary>
internal enum ProtocolStep
{
    ActiveRowWritten,
    RetryNamed,
    BatchRowWritten,
    ValidateSent,
    RetryInputStaged,
    RetryInputCommitted,
    RetryInputWritten,
    ChunkRowsWritten,
    InProgressWritten,
    ChunkMessagesSent,
    ValidationFailedWritten,
    ChunkClaimed,
    OutputSegmentStored,
    ErrorSegmentStored,
    CheckpointWritten,
    ChunkEndWritten,
    NextChunkSent,
    HandOverWritten,
    HandOverSent,
    CloseClaimed,
    CloseSegmentStored,
    CloseWritten,
    CancelWritten,
    AdvanceTakenUp,
    ChunksSummed,
    SegmentPageStored,
    ResultsPublished,
    CountsWritten,
    FinalizingWritten,
    ChunksEndedByForce,
    OutputFileWritten,
    ErrorFileWritten,
    BatchEndWritten,
    LeftoversDiscarded,
    ChunkRowsDeleted,
    ActiveRowDeleted,
    FileTombstoneWritten,
    SweepTakenUp,
    SweepDone,
}
