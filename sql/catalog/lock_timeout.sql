-- For this transaction alone: others may use the session, too.
SELECT set_config('lock_timeout', '500', true)
