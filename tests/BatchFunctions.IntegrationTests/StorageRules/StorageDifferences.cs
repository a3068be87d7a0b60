namespace BatchFunctions.IntegrationTests.StorageRules;

/// <summary>All differences between Azurite and the documentation that the cases know. <c>docs/storage-differences.md</c> has them too.</summary>
internal static class StorageDifferences
{
    private const string Documentation = "https://learn.microsoft.com/rest/api/storageservices/";

    public static IReadOnlyList<StorageDifference> All { get; } =
    [
        new(nameof(TableCases.A_tables_name_has_no_hyphen), "400", "400 InvalidResourceName", Documentation + "common-rest-api-error-codes"),
        new(nameof(TableCases.The_name_of_a_table_that_was_just_deleted_is_taken), "201", "409 TableBeingDeleted", Documentation + "delete-table"),
        new(nameof(TableCases.A_propertys_name_is_an_identifier), "204", "400 PropertyNameInvalid", Documentation + "understanding-the-table-service-data-model"),
        new(nameof(TableCases.A_propertys_name_has_at_most_255_characters), "204", "400 PropertyNameTooLong", Documentation + "understanding-the-table-service-data-model"),
        new(nameof(TableCases.An_entity_of_253_properties_is_not), "204", "400 TooManyProperties", Documentation + "understanding-the-table-service-data-model"),
        new(nameof(TableCases.An_entity_of_more_than_1_MiB_is_not), "204", "400 EntityTooLarge", Documentation + "understanding-the-table-service-data-model"),
        new(nameof(TableCases.A_merge_to_more_than_1_MiB_is_refused), "204", "400 EntityTooLarge", Documentation + "understanding-the-table-service-data-model"),
        new(nameof(TableCases.A_key_has_no_slash), "400 InvalidInput", "400 OutOfRangeInput", Documentation + "common-rest-api-error-codes"),
        new(nameof(TableCases.A_key_has_no_hash), "400 InvalidInput", "400 OutOfRangeInput", Documentation + "common-rest-api-error-codes"),
        new(nameof(TableCases.A_key_has_no_tab), "400 InvalidInput", "400 OutOfRangeInput", Documentation + "common-rest-api-error-codes"),
        new(nameof(TableCases.A_key_of_one_character_more_is_not), "400 InvalidInput", "400 KeyValueTooLarge", Documentation + "understanding-the-table-service-data-model"),
        new(nameof(TableCases.A_time_before_1601_is_not_stored), "204", "400 OutOfRangeInput", Documentation + "understanding-the-table-service-data-model"),
        new(nameof(QueryCases.Times_are_compared), "", "pb", Documentation + "querying-tables-and-entities"),
        new(nameof(QueryCases.A_filter_has_at_most_15_comparisons), "pa pb pc qa", "400 InvalidInput", Documentation + "querying-tables-and-entities"),
        new(nameof(QueryCases.What_is_selected_and_not_there_is_null), "RowKey", "RowKey Text", Documentation + "query-entities"),
        new(nameof(QueryCases.No_more_than_a_thousand_can_be_asked_for), "1", "400 InvalidInput", Documentation + "query-timeout-and-pagination"),
        new(nameof(QueryCases.One_more_is_too_many), "an answer that the client cannot read", "400 InvalidInput", Documentation + "performing-entity-group-transactions"),
        new(nameof(QueryCases.A_transaction_has_one_partition), "202", "400 CommandsInBatchActOnDifferentPartitions", Documentation + "performing-entity-group-transactions"),
        new(nameof(QueueCases.The_name_of_a_queue_that_was_just_deleted_is_taken), "201", "409 QueueBeingDeleted", Documentation + "delete-queue3"),
        new(nameof(QueueCases.A_message_of_one_byte_more_is_not), "413 RequestBodyTooLarge", "400 MessageTooLarge", Documentation + "queue-service-error-codes"),
        new(nameof(QueueCases.A_receipt_is_not_good_after_the_message_was_taken_again), "400 PopReceiptMismatch, then 204", "404 MessageNotFound, then 204", Documentation + "delete-message2"),
        new(nameof(QueueCases.An_update_changes_the_receipt_and_the_text), "400 PopReceiptMismatch, then b", "404 MessageNotFound, then b", Documentation + "update-message"),
        new(nameof(BlobCases.The_name_of_a_container_that_was_just_deleted_is_taken), "201", "409 ContainerBeingDeleted", Documentation + "delete-container"),
        new(nameof(BlobCases.A_blobs_name_has_at_most_1024_characters), "201", "400 OutOfRangeInput", Documentation + "naming-and-referencing-containers--blobs--and-metadata"),
        new(nameof(BlobCases.An_empty_blob_has_no_range), "206 ", "416 InvalidRange", Documentation + "blob-service-error-codes"),
        new(nameof(BlobCases.A_range_that_begins_behind_the_blob_is_refused), "206 ", "416 InvalidRange", Documentation + "blob-service-error-codes"),
        new(nameof(BlockCases.An_id_of_65_bytes_is_not), "400 OutOfRangeInput", "400 InvalidQueryParameterValue", Documentation + "put-block"),
        new(nameof(BlockCases.A_block_is_not_empty), "201", "400 InvalidHeaderValue", "https://github.com/Azure/Azurite/issues/329"),
        new(nameof(BlockCases.A_blob_of_staged_blocks_alone_cannot_be_deleted), "202, 404 BlobNotFound", "404 BlobNotFound, 0+1", Documentation + "delete-blob"),
        new(nameof(BlockCases.A_blob_that_is_put_as_a_whole_drops_all_blocks), "whole 0+2", "whole 0+0", Documentation + "put-block"),
        new(nameof(BlockCases.A_commit_of_one_block_more_is_not), "201", "400 BlockListTooLong", Documentation + "put-block-list"),
    ];
}
