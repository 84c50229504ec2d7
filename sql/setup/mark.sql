-- What Tablewire made it keeps up to date; any other publication it uses as it is.
COMMENT ON PUBLICATION {publication} IS 'tablewire: made by Tablewire, which adds and drops tables'
