-- What came of promotion where a training run was told to promote its version: who started it over GraphQL reads it here.
ALTER TABLE training_runs ADD COLUMN promotion jsonb;
