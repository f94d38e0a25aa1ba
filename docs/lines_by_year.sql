-- Lines by year: makes the table `line` anew, in partitions, with what it holds. PostgreSQL only; as the owner of the tables,
-- with `SET kontor.reach = 'group'`, while no service runs; the disk holds the lines twice meanwhile. Afterwards `kontor
-- migrate`, which gives the service's role its rights, and bi_role.sql where analysts have a role. Name your own years below.
BEGIN;
CREATE TEMPORARY TABLE kept ON COMMIT DROP AS
    SELECT oid, relname AS name, pg_get_viewdef(oid) AS query FROM pg_class
    WHERE oid IN ('bi_statistics'::regclass, 'bi_months'::regclass);
DROP VIEW bi_statistics, bi_months;
ALTER TABLE line RENAME TO line_before;
ALTER INDEX pk_line RENAME TO pk_line_before;
ALTER INDEX ix_line_customer RENAME TO ix_line_customer_before;
CREATE TABLE line (LIKE line_before INCLUDING ALL EXCLUDING INDEXES) PARTITION BY RANGE (period);
DO $$
DECLARE one record; name text;
BEGIN
    -- Nobody reaches a partition by itself: it has walls and no policy. Through the table the table's policy holds.
    FOR year IN 2020..2030 LOOP
        name := format('line_%s', year);
        EXECUTE format('CREATE TABLE %I PARTITION OF line FOR VALUES FROM (%s) TO (%s)', name, 12 * year, 12 * year + 12);
        EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY', name);
        EXECUTE format('ALTER TABLE %I FORCE ROW LEVEL SECURITY', name);
    END LOOP;
    CREATE TABLE line_other PARTITION OF line DEFAULT;
    ALTER TABLE line_other ENABLE ROW LEVEL SECURITY;
    ALTER TABLE line_other FORCE ROW LEVEL SECURITY;
    INSERT INTO line SELECT * FROM line_before;
    FOR one IN SELECT * FROM pg_policies WHERE tablename = 'line_before' LOOP
        EXECUTE format('CREATE POLICY %I ON line FOR %s USING (%s)', one.policyname, one.cmd, one.qual);
    END LOOP;
    FOR one IN SELECT * FROM kept ORDER BY oid LOOP
        EXECUTE format('CREATE VIEW %I WITH (security_invoker = true) AS %s', one.name, one.query);
    END LOOP;
END $$;
ALTER TABLE line ENABLE ROW LEVEL SECURITY;
ALTER TABLE line FORCE ROW LEVEL SECURITY;
ALTER TABLE line ADD CONSTRAINT pk_line PRIMARY KEY
    (subsidiary_id, period, customer_id, salesperson_id, channel_id, product_group_id, feed);
CREATE INDEX ix_line_customer ON line (subsidiary_id, customer_id, period);
DROP TABLE line_before;
COMMIT;
