-- Where each topic's partitions stand, what waits to be told to Kafka, and what waits to be scored.

-- A batch's rows and its partition's next offset commit together, guarded by `WHERE next_offset = <expected>`.
CREATE TABLE stream_positions (
  topic         text NOT NULL,
  partition     integer NOT NULL,
  next_offset   bigint NOT NULL,
  -- Valid records taken in, repeats included, and records sent to the dead-letter topic.
  records       bigint NOT NULL DEFAULT 0,
  dead_letters  bigint NOT NULL DEFAULT 0,
  -- Records a second, averaged over the last seconds before updated_at.
  rate          double precision NOT NULL DEFAULT 0,
  last_error    text,
  last_error_at timestamptz(3),
  updated_at    timestamptz(3) NOT NULL,
  PRIMARY KEY (topic, partition)
);

-- Messages on their way out, several a row: made in the transaction of what they tell, deleted once Kafka has acknowledged them.
-- The three lists lie as text and uncompressed: arrays of this length take ten times as long to write and to read.
CREATE TABLE outbox (
  id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  topic      text NOT NULL,
  -- How many messages, and how many bytes they have in all.
  messages   integer NOT NULL,
  bytes      integer NOT NULL,
  -- JSON array: the ids by which repeats are known.
  ids        text NOT NULL,
  -- JSON array: the keys that choose the partition.
  keys       text NOT NULL,
  -- JSON values, a line each.
  contents   text NOT NULL,
  created_at timestamptz(3) NOT NULL
);
ALTER TABLE outbox ALTER ids SET STORAGE EXTERNAL, ALTER keys SET STORAGE EXTERNAL, ALTER contents SET STORAGE EXTERNAL;

-- Transactions that came by stream while no model was live.
CREATE TABLE awaiting_scores (
  transaction_id text PRIMARY KEY,
  occurred_at    timestamptz(3) NOT NULL
);
CREATE INDEX awaiting_scores_time ON awaiting_scores (occurred_at, transaction_id);

-- The database transaction that wrote a row last: what a snapshot does not show yet, a later one is asked for by it.
ALTER TABLE transactions ADD COLUMN arrival xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX transactions_arrival ON transactions (arrival);
ALTER TABLE labels ADD COLUMN arrival xid8 NOT NULL DEFAULT pg_current_xact_id();
CREATE INDEX labels_arrival ON labels (arrival);
