-- A role that reads the views bi_… and nothing else, for Metabase, Superset, Looker Studio, Grafana. PostgreSQL.
-- Run it as the owner of the tables, in the database and schema of Kontor, after `kontor migrate`; again after an upgrade.
-- Then give the role a login: ALTER ROLE kontor_bi LOGIN PASSWORD '…';
-- and, as a superuser, say which subsidiaries it reads: ALTER ROLE kontor_bi SET kontor.reach = 'group';
DO $$ BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'kontor_bi') THEN CREATE ROLE kontor_bi; END IF;
END $$;
ALTER ROLE kontor_bi SET default_transaction_read_only = on;
ALTER ROLE kontor_bi SET statement_timeout = '60s';
GRANT SELECT ON bi_customers, bi_salespeople, bi_statistics, bi_months, bi_segments, bi_class_table, bi_plan_lines,
  bi_resource_lines TO kontor_bi;
-- The views read with the rights of who asks, so that row security holds: the columns that they show, names not among them.
GRANT SELECT ON channel, product_group, salesperson, line, segment_row, plan_line, requirement_line TO kontor_bi;
GRANT SELECT (id, code, currency) ON subsidiary TO kontor_bi;
GRANT SELECT (subsidiary_id, number) ON segmentation TO kontor_bi;
GRANT SELECT (subsidiary_id, id, code, salesperson_id, channel_id, potential, potential_date, potential_source, industry,
  region, since) ON customer TO kontor_bi;
GRANT SELECT (subsidiary_id, salesperson_id, start, "end", team, role, fte, hours_a_day, monthly_cost) ON employment
  TO kontor_bi;
