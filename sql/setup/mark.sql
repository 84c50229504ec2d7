-- Tablewire keeps the publications up to date that it has created, each for the server that
-- reads this slot. It uses any other publication as it is.
COMMENT ON PUBLICATION {publication} IS {mark}
