-- What newel needs on a target of MySQL (8.0 and later) or MariaDB (10.6 and
-- later), and nothing more. Put your own names in place of these, and run it on
-- the primary as an administrator; replicas get it from there:
--
--   sed "s/'newel'@'%'/'newel'@'10.1.%'/; s/shop/sales/; s/orders/invoices/" \
--       grants-mysql.sql | mysql
--
-- 'newel'@'%': the account that newel connects as; it must exist:
--                CREATE USER 'newel'@'%' IDENTIFIED BY '...';
--              Its password goes into an option file (~/.my.cnf, mode 0600) of
--              whoever runs newel, never into newel.ini.
-- shop.orders: the table.
--
-- While the binary log is on, both servers let nobody without SUPER make a
-- trigger. newel makes two (unless new_rows and not_null do without), and sees
-- in preflight whether it may. Rather than SUPER, give this to the server, in
-- its configuration, too; with binlog_format = ROW it does no harm to replicas:
--
--   SET GLOBAL log_bin_trust_function_creators = 1;

-- Batches and checks, the column, the triggers. INSERT is what ANALYZE TABLE asks
-- for in the end: newel inserts no row. Revoke it when the migrations are done.
GRANT SELECT, INSERT, UPDATE, ALTER, TRIGGER ON `shop`.`orders` TO 'newel'@'%';

-- newel keeps its state (lease, checkpoints, heartbeat, audit, baseline) in a database of
-- its own, and tries the change there on a copy of the table with some of its rows.
GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, TRIGGER
    ON `newel`.* TO 'newel'@'%';

-- Sees other sessions, their transactions, and who waits on whom. Without these
-- newel would not know when it is in the way, and what is unknown stops the work.
GRANT PROCESS ON *.* TO 'newel'@'%';
GRANT SELECT ON `performance_schema`.* TO 'newel'@'%';

-- Sees what the binary log leaves out, and whether replicas replicate, beyond
-- the lag that its heartbeat tells. For replicas MariaDB has a privilege of its
-- own. It runs what stands in /*M! */; for MySQL that is a comment. (Oracle's
-- client may take comments out on the way: mysql --comments keeps them.)
GRANT REPLICATION CLIENT ON *.* TO 'newel'@'%';
/*M! GRANT SLAVE MONITOR ON *.* TO 'newel'@'%' */;

-- Optional: SELECT on what [query] sections read besides, so that their plans can
-- be had; SHOW VIEW, so that preflight names the views that read the table.
-- GRANT SELECT, SHOW VIEW ON `shop`.* TO 'newel'@'%';

-- Optional, MySQL's: lets preflight see prepared transactions (XA), which may hold the table.
-- GRANT XA_RECOVER_ADMIN ON *.* TO 'newel'@'%';

-- Optional: lets the console cancel or end a session that blocks a step, after it
-- has asked. The first is MySQL's (sessions of accounts that have SYSTEM_USER, as
-- root has, are out of its reach all the same), the second MariaDB's.
-- GRANT CONNECTION_ADMIN ON *.* TO 'newel'@'%';
-- GRANT CONNECTION ADMIN ON *.* TO 'newel'@'%';
