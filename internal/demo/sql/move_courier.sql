-- A courier rides about a hundred metres, after a turn by $1 degrees, or charges the battery.
-- Two kilometres from the base the courier turns back to it.
UPDATE couriers SET
  status = CASE WHEN battery <= 6 THEN 'charging' WHEN battery >= 94 THEN 'riding' ELSE status END,
  battery = CASE WHEN status = 'charging' THEN least(100, battery + 9) ELSE greatest(0, battery - 1) END,
  heading = next.heading,
  lat = CASE WHEN status = 'charging' THEN lat ELSE round((lat + 0.001 * cosd(next.heading))::numeric, 5) END,
  lon = CASE WHEN status = 'charging' THEN lon ELSE round((lon + 0.001 * sind(next.heading) / cosd(lat))::numeric, 5) END,
  seen_at = now()
FROM (
  SELECT id, CASE
    WHEN status = 'charging' THEN heading
    WHEN (lat - base[0]) ^ 2 + ((lon - base[1]) * cosd(lat)) ^ 2 < 0.018 ^ 2 THEN (heading + $1::integer + 360) % 360
    ELSE (atan2d((base[1] - lon) * cosd(lat), base[0] - lat)::integer + 360) % 360
  END AS heading
  FROM couriers ORDER BY random() LIMIT 1 FOR UPDATE SKIP LOCKED
) AS next
WHERE couriers.id = next.id;
