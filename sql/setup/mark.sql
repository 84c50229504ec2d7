-- What Tablewire made it keeps up to date, for the server that reads this slot; any
-- other publication it uses as it is.
COMMENT ON PUBLICATION {publication} IS {mark}
