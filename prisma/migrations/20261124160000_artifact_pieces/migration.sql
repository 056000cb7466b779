-- Large artifacts lie in pieces: a value comes out of the database as text, and no text may be longer than half a gigabyte.
ALTER TABLE model_artifacts ADD COLUMN piece integer NOT NULL DEFAULT 0;
ALTER TABLE model_artifacts DROP CONSTRAINT model_artifacts_pkey;
ALTER TABLE model_artifacts ADD PRIMARY KEY (model_id, name, piece);
