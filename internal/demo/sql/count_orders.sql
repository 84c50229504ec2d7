-- The number of open orders, and of those that were delivered or cancelled.
SELECT count(*) FILTER (WHERE status NOT IN ('delivered', 'cancelled')), count(*) FILTER (WHERE status IN ('delivered', 'cancelled')) FROM orders;
