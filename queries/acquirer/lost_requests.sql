-- name: LostRequestInsert :execrows
-- One row when this is the first attempt under the reference, none when one was lost before.
INSERT INTO acquirer.lost_requests (reference, lost_at) VALUES (@reference, @lost_at) ON CONFLICT (reference) DO NOTHING;
