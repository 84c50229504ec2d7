-- Of the transaction alone: the session may be others' too.
SELECT set_config('lock_timeout', '500', true)
