namespace BatchFunctions.Protocol;

/// <summary>
/// The points of the protocol between two writes, where a crash or a pause could do harm. They are named so that tests
/// can stop a process at each of them.
/// </summary>
internal enum ProtocolStep
{
    ActiveRowWritten,
    BatchRowWritten,
    ValidateSent,
    ChunkRowsWritten,
    InProgressWritten,
    ChunkMessagesSent,
    ValidationFailedWritten,
    ChunkClaimed,
    OutputBlockStaged,
    ErrorBlockStaged,
    CheckpointWritten,
    ChunkEndWritten,
    NextChunkSent,
    HandOverWritten,
    HandOverSent,
    CloseClaimed,
    CloseBlockStaged,
    CloseWritten,
    CancelWritten,
    AdvanceTakenUp,
    ChunksSummed,
    CountsWritten,
    FinalizingWritten,
    ManifestWritten,
    OutputCommitted,
    ErrorCommitted,
    OutputFileWritten,
    ErrorFileWritten,
    BatchEndWritten,
    ChunkRowsDeleted,
    ActiveRowDeleted,
    SweepTakenUp,
    SweepDone,
}
