-- The slot keeps the write-ahead log from the position that was last confirmed.
SELECT pg_create_logical_replication_slot({slot}, 'pgoutput')
