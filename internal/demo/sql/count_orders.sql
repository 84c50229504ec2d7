-- How many orders are under way, and how many are done with.
SELECT count(*) FILTER (WHERE status NOT IN ('delivered', 'cancelled')), count(*) FILTER (WHERE status IN ('delivered', 'cancelled')) FROM orders;
