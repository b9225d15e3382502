-- +goose Up
-- For what a transaction takes for granted instead of asking (docs/decisions/0036). It fails like one that collided with
-- another, so that whoever repeats those repeats it too.
-- +goose StatementBegin
CREATE FUNCTION assume(holds boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    IF holds IS NOT TRUE THEN
        RAISE EXCEPTION 'what was assumed is not so' USING ERRCODE = 'serialization_failure',
            HINT = 'This is ordinary: Paygate repeats the transaction, and asks this time.';
    END IF;
END
$$;
-- +goose StatementEnd

-- +goose Down
DROP FUNCTION assume;
