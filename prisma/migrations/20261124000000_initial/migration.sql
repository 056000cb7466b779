-- Records of the six streams, the model registry and what models answered.
-- Each model version's vectors live in a table of their own, made and dropped by stores/vectors.ts.

CREATE EXTENSION IF NOT EXISTS vector;

CREATE TABLE interactions (
  event_id    text PRIMARY KEY,
  user_id     text NOT NULL,
  item_id     text NOT NULL,
  action      text NOT NULL,
  occurred_at timestamptz(3) NOT NULL,
  session_id  text,
  value       double precision
);
CREATE INDEX interactions_user ON interactions (user_id, occurred_at);
CREATE INDEX interactions_item ON interactions (item_id);

CREATE TABLE transactions (
  transaction_id text PRIMARY KEY,
  account_id     text NOT NULL,
  merchant_id    text NOT NULL,
  amount         numeric(20, 4) NOT NULL,
  currency       text NOT NULL,
  occurred_at    timestamptz(3) NOT NULL,
  category       text,
  channel        text,
  country        text,
  attributes     jsonb
);
CREATE INDEX transactions_account ON transactions (account_id, occurred_at);
CREATE INDEX transactions_merchant ON transactions (merchant_id, occurred_at);
CREATE INDEX transactions_time ON transactions (occurred_at, transaction_id);

-- A tie is undirected: user_id < friend_id always. The newest event for a pair and kind wins; `removed` is a tombstone.
CREATE TABLE relations (
  user_id     text NOT NULL,
  friend_id   text NOT NULL,
  kind        text NOT NULL,
  weight      double precision NOT NULL,
  occurred_at timestamptz(3) NOT NULL,
  removed     boolean NOT NULL,
  PRIMARY KEY (user_id, friend_id, kind)
);
CREATE INDEX relations_friend ON relations (friend_id);

CREATE TABLE items (
  item_id    text PRIMARY KEY,
  title      text,
  attributes jsonb,
  image_uri  text
);

CREATE TABLE users (
  user_id    text PRIMARY KEY,
  title      text,
  attributes jsonb,
  image_uri  text
);

CREATE TABLE labels (
  transaction_id text PRIMARY KEY,
  is_fraud       boolean NOT NULL,
  decided_at     timestamptz(3) NOT NULL,
  source         text
);

-- The last version number given out in a space, so that a dropped version's is never used again.
CREATE TABLE space_versions (
  space        text PRIMARY KEY,
  last_version integer NOT NULL
);

-- A model version never changes once its row is here; the row comes last, in the transaction that makes its vectors.
CREATE TABLE models (
  id           text PRIMARY KEY,
  space        text NOT NULL,
  trainer      text NOT NULL,
  version      integer NOT NULL,
  options      jsonb NOT NULL,
  -- What it learned from: { stream, rows, from, to }.
  data         jsonb NOT NULL,
  -- What it reached on held-out data, beside the baselines; null when that was not measured.
  evaluation   jsonb,
  facts        jsonb NOT NULL,
  dimension    integer NOT NULL,
  vectors      integer NOT NULL,
  -- Name of its vector table.
  vector_table text NOT NULL UNIQUE,
  seconds      double precision NOT NULL,
  created_at   timestamptz(3) NOT NULL,
  UNIQUE (space, version)
);

CREATE TABLE model_artifacts (
  model_id text NOT NULL REFERENCES models (id) ON DELETE CASCADE,
  name     text NOT NULL,
  content  bytea NOT NULL,
  PRIMARY KEY (model_id, name)
);

-- The one pointer that promotion moves.
CREATE TABLE live_models (
  space    text PRIMARY KEY,
  model_id text NOT NULL REFERENCES models (id)
);

CREATE TABLE promotions (
  id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  space       text NOT NULL,
  model_id    text NOT NULL REFERENCES models (id) ON DELETE CASCADE,
  -- What was live before; null for the first.
  replaced_id text REFERENCES models (id) ON DELETE SET NULL,
  -- The promotion that a rollback returns to: rolling back goes one further back each time.
  before_id   bigint REFERENCES promotions (id) ON DELETE SET NULL,
  kind        text NOT NULL,
  forced      boolean NOT NULL,
  note        text,
  promoted_at timestamptz(3) NOT NULL
);
CREATE INDEX promotions_space ON promotions (space, id);
CREATE INDEX promotions_model ON promotions (model_id);
CREATE INDEX promotions_replaced ON promotions (replaced_id);
CREATE INDEX promotions_before ON promotions (before_id);

CREATE TABLE training_runs (
  id          text PRIMARY KEY,
  space       text NOT NULL,
  trainer     text NOT NULL,
  options     jsonb NOT NULL,
  status      text NOT NULL,
  phase       text,
  done        double precision NOT NULL DEFAULT 0,
  total       double precision NOT NULL DEFAULT 0,
  error       jsonb,
  model_id    text REFERENCES models (id) ON DELETE SET NULL,
  started_at  timestamptz(3) NOT NULL,
  -- Renewed while its process lives: an unfinished run whose time stands still was interrupted.
  updated_at  timestamptz(3) NOT NULL,
  finished_at timestamptz(3)
);
CREATE INDEX training_runs_started ON training_runs (started_at, id);
CREATE INDEX training_runs_model ON training_runs (model_id);

CREATE TABLE fraud_scores (
  transaction_id       text NOT NULL,
  model_id             text NOT NULL REFERENCES models (id) ON DELETE CASCADE,
  value                double precision NOT NULL,
  decision             text NOT NULL,
  threshold            double precision NOT NULL,
  reconstruction_error double precision NOT NULL,
  reasons              jsonb NOT NULL,
  scored_at            timestamptz(3) NOT NULL,
  PRIMARY KEY (transaction_id, model_id)
);
CREATE INDEX fraud_scores_model ON fraud_scores (model_id);

-- What an alert came to is what the transaction's label says.
CREATE TABLE alerts (
  id             text PRIMARY KEY,
  transaction_id text NOT NULL,
  model_id       text NOT NULL REFERENCES models (id) ON DELETE CASCADE,
  value          double precision NOT NULL,
  created_at     timestamptz(3) NOT NULL,
  UNIQUE (transaction_id, model_id)
);
CREATE INDEX alerts_created ON alerts (created_at DESC, id DESC);
CREATE INDEX alerts_model ON alerts (model_id);

-- What this store knows about itself: whether its records are simulated, and how far telling them has come.
CREATE TABLE notes (
  name       text PRIMARY KEY,
  content    jsonb NOT NULL,
  written_at timestamptz(3) NOT NULL
);
