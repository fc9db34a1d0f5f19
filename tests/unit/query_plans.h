/* Plans as the servers gave them: PostgreSQL 15.20, MySQL 9.7, MariaDB 10.11. */
#ifndef NEWEL_TESTS_QUERY_PLANS_H
#define NEWEL_TESTS_QUERY_PLANS_H

static const char pg_index[] =
    "[{\"Plan\": {\"Node Type\": \"Bitmap Heap Scan\", \"Parallel Aware\": false, \"Async "
    "Capable\": false, \"Relation Name\": \"orders\", \"Alias\": \"orders\", \"Startup Cost\": "
    "4.44, \"Total Cost\": 67.62, \"Plan Rows\": 20, \"Plan Width\": 68, \"Recheck Cond\": "
    "\"(customer_id = 42)\", \"Plans\": [{\"Node Type\": \"Bitmap Index Scan\", \"Parent "
    "Relationship\": \"Outer\", \"Parallel Aware\": false, \"Async Capable\": false, \"Index "
    "Name\": \"orders_customer\", \"Startup Cost\": 0.0, \"Total Cost\": 4.44, \"Plan Rows\": "
    "20, \"Plan Width\": 0, \"Index Cond\": \"(customer_id = 42)\"}]}}]";

static const char pg_seq[] =
    "[{\"Plan\": {\"Node Type\": \"Seq Scan\", \"Parallel Aware\": false, \"Async Capable\": "
    "false, \"Relation Name\": \"orders\", \"Alias\": \"orders\", \"Startup Cost\": 0.0, "
    "\"Total Cost\": 497.0, \"Plan Rows\": 20, \"Plan Width\": 68, \"Filter\": \"(customer_id "
    "= 42)\"}}]";

static const char pg_range[] =
    "[{\"Plan\": {\"Node Type\": \"Index Scan\", \"Parallel Aware\": false, \"Async Capable\": "
    "false, \"Scan Direction\": \"Forward\", \"Index Name\": \"orders_pkey\", \"Relation "
    "Name\": \"orders\", \"Alias\": \"orders\", \"Startup Cost\": 0.29, \"Total Cost\": 11.01, "
    "\"Plan Rows\": 86, \"Plan Width\": 68, \"Index Cond\": \"((id >= 5) AND (id <= 90))\"}}]";

static const char pg_join[] =
    "[{\"Plan\": {\"Node Type\": \"Limit\", \"Parallel Aware\": false, \"Async Capable\": "
    "false, \"Startup Cost\": 311.46, \"Total Cost\": 311.47, \"Plan Rows\": 5, \"Plan "
    "Width\": 36, \"Plans\": [{\"Node Type\": \"Sort\", \"Parent Relationship\": \"Outer\", "
    "\"Parallel Aware\": false, \"Async Capable\": false, \"Startup Cost\": 311.46, \"Total "
    "Cost\": 312.53, \"Plan Rows\": 430, \"Plan Width\": 36, \"Sort Key\": [\"(sum(o.total)) "
    "DESC\"], \"Plans\": [{\"Node Type\": \"Aggregate\", \"Strategy\": \"Hashed\", \"Partial "
    "Mode\": \"Simple\", \"Parent Relationship\": \"Outer\", \"Parallel Aware\": false, "
    "\"Async Capable\": false, \"Startup Cost\": 298.94, \"Total Cost\": 304.32, \"Plan "
    "Rows\": 430, \"Plan Width\": 36, \"Group Key\": [\"c.name\"], \"Planned Partitions\": 0, "
    "\"Plans\": [{\"Node Type\": \"Hash Join\", \"Parent Relationship\": \"Outer\", \"Parallel "
    "Aware\": false, \"Async Capable\": false, \"Join Type\": \"Inner\", \"Startup Cost\": "
    "36.12, \"Total Cost\": 296.79, \"Plan Rows\": 430, \"Plan Width\": 9, \"Inner Unique\": "
    "true, \"Hash Cond\": \"(o.customer_id = c.id)\", \"Plans\": [{\"Node Type\": \"Bitmap "
    "Heap Scan\", \"Parent Relationship\": \"Outer\", \"Parallel Aware\": false, \"Async "
    "Capable\": false, \"Relation Name\": \"orders\", \"Alias\": \"o\", \"Startup Cost\": 7.62, "
    "\"Total Cost\": 267.16, \"Plan Rows\": 430, \"Plan Width\": 9, \"Recheck Cond\": "
    "\"(customer_id < 20)\", \"Plans\": [{\"Node Type\": \"Bitmap Index Scan\", \"Parent "
    "Relationship\": \"Outer\", \"Parallel Aware\": false, \"Async Capable\": false, \"Index "
    "Name\": \"orders_customer\", \"Startup Cost\": 0.0, \"Total Cost\": 7.51, \"Plan Rows\": "
    "430, \"Plan Width\": 0, \"Index Cond\": \"(customer_id < 20)\"}]}, {\"Node Type\": "
    "\"Hash\", \"Parent Relationship\": \"Inner\", \"Parallel Aware\": false, \"Async "
    "Capable\": false, \"Startup Cost\": 16.0, \"Total Cost\": 16.0, \"Plan Rows\": 1000, "
    "\"Plan Width\": 8, \"Plans\": [{\"Node Type\": \"Seq Scan\", \"Parent Relationship\": "
    "\"Outer\", \"Parallel Aware\": false, \"Async Capable\": false, \"Relation Name\": "
    "\"customers\", \"Alias\": \"c\", \"Startup Cost\": 0.0, \"Total Cost\": 16.0, \"Plan "
    "Rows\": 1000, \"Plan Width\": 8}]}]}]}]}]}}]";

static const char pg_join_seq[] =
    "[{\"Plan\": {\"Node Type\": \"Limit\", \"Parallel Aware\": false, \"Async Capable\": "
    "false, \"Startup Cost\": 540.27, \"Total Cost\": 540.28, \"Plan Rows\": 5, \"Plan "
    "Width\": 36, \"Plans\": [{\"Node Type\": \"Sort\", \"Parent Relationship\": \"Outer\", "
    "\"Parallel Aware\": false, \"Async Capable\": false, \"Startup Cost\": 540.27, \"Total "
    "Cost\": 541.27, \"Plan Rows\": 402, \"Plan Width\": 36, \"Sort Key\": [\"(sum(o.total)) "
    "DESC\"], \"Plans\": [{\"Node Type\": \"Aggregate\", \"Strategy\": \"Hashed\", \"Partial "
    "Mode\": \"Simple\", \"Parent Relationship\": \"Outer\", \"Parallel Aware\": false, "
    "\"Async Capable\": false, \"Startup Cost\": 528.57, \"Total Cost\": 533.59, \"Plan "
    "Rows\": 402, \"Plan Width\": 36, \"Group Key\": [\"c.name\"], \"Planned Partitions\": 0, "
    "\"Plans\": [{\"Node Type\": \"Hash Join\", \"Parent Relationship\": \"Outer\", \"Parallel "
    "Aware\": false, \"Async Capable\": false, \"Join Type\": \"Inner\", \"Startup Cost\": "
    "28.5, \"Total Cost\": 526.56, \"Plan Rows\": 402, \"Plan Width\": 9, \"Inner Unique\": "
    "true, \"Hash Cond\": \"(o.customer_id = c.id)\", \"Plans\": [{\"Node Type\": \"Seq "
    "Scan\", \"Parent Relationship\": \"Outer\", \"Parallel Aware\": false, \"Async "
    "Capable\": false, \"Relation Name\": \"orders\", \"Alias\": \"o\", \"Startup Cost\": 0.0, "
    "\"Total Cost\": 497.0, \"Plan Rows\": 402, \"Plan Width\": 9, \"Filter\": \"(customer_id "
    "< 20)\"}, {\"Node Type\": \"Hash\", \"Parent Relationship\": \"Inner\", \"Parallel "
    "Aware\": false, \"Async Capable\": false, \"Startup Cost\": 16.0, \"Total Cost\": "
    "16.0, \"Plan Rows\": 1000, \"Plan Width\": 8, \"Plans\": [{\"Node Type\": \"Seq Scan\", "
    "\"Parent Relationship\": \"Outer\", \"Parallel Aware\": false, \"Async Capable\": "
    "false, \"Relation Name\": \"customers\", \"Alias\": \"c\", \"Startup Cost\": 0.0, \"Total "
    "Cost\": 16.0, \"Plan Rows\": 1000, \"Plan Width\": 8}]}]}]}]}]}}]";

static const char mysql_index[] =
    "{\"query\": \"/* select#1 */ select `shop`.`orders`.`id` AS "
    "`id`,`shop`.`orders`.`customer_id` AS `customer_id`,`shop`.`orders`.`total` AS "
    "`total`,`shop`.`orders`.`note` AS `note` from `shop`.`orders` where "
    "(`shop`.`orders`.`customer_id` = 42)\", \"query_plan\": {\"covering\": false, "
    "\"operation\": \"Index lookup on orders using orders_customer (customer_id = 42)\", "
    "\"index_name\": \"orders_customer\", \"table_name\": \"orders\", \"access_type\": "
    "\"index\", \"key_columns\": [\"customer_id\"], \"schema_name\": \"shop\", \"used_columns\": "
    "[\"id\", \"customer_id\", \"total\", \"note\"], \"estimated_rows\": 10.0, "
    "\"lookup_condition\": \"customer_id = 42\", \"index_access_type\": \"index_lookup\", "
    "\"lookup_references\": [\"const\"], \"estimated_total_cost\": 3.5}, \"query_type\": "
    "\"select\", \"json_schema_version\": \"2.0\"}";

static const char mysql_seq[] =
    "{\"query\": \"/* select#1 */ select `shop`.`orders`.`id` AS "
    "`id`,`shop`.`orders`.`customer_id` AS `customer_id`,`shop`.`orders`.`total` AS "
    "`total`,`shop`.`orders`.`note` AS `note` from `shop`.`orders` where "
    "(`shop`.`orders`.`customer_id` = 42)\", \"query_plan\": {\"inputs\": [{\"operation\": "
    "\"Table scan on orders\", \"table_name\": \"orders\", \"access_type\": \"table\", "
    "\"schema_name\": \"shop\", \"used_columns\": [\"id\", \"customer_id\", \"total\", \"note\"], "
    "\"estimated_rows\": 12147.0, \"estimated_total_cost\": 1270.95}], \"condition\": "
    "\"(orders.customer_id = 42)\", \"operation\": \"Filter: (orders.customer_id = 42)\", "
    "\"access_type\": \"filter\", \"estimated_rows\": 1214.7000181004405, "
    "\"filter_columns\": [\"shop.orders.customer_id\"], \"estimated_total_cost\": "
    "1270.95}, \"query_type\": \"select\", \"json_schema_version\": \"2.0\"}";

static const char mysql_range[] =
    "{\"query\": \"/* select#1 */ select `shop`.`orders`.`id` AS "
    "`id`,`shop`.`orders`.`customer_id` AS `customer_id`,`shop`.`orders`.`total` AS "
    "`total`,`shop`.`orders`.`note` AS `note` from `shop`.`orders` where "
    "(`shop`.`orders`.`id` between 5 and 90)\", \"query_plan\": {\"inputs\": [{\"ranges\": "
    "[\"(5 <= id <= 90)\"], \"covering\": false, \"operation\": \"Index range scan on "
    "orders using PRIMARY over (5 <= id <= 90)\", \"index_name\": \"PRIMARY\", "
    "\"table_name\": \"orders\", \"access_type\": \"index\", \"key_columns\": [\"id\"], "
    "\"schema_name\": \"shop\", \"used_columns\": [\"id\", \"customer_id\", \"total\", \"note\"], "
    "\"estimated_rows\": 86.0, \"index_access_type\": \"index_range_scan\", "
    "\"estimated_total_cost\": 17.49621100065872}], \"condition\": \"(orders.id between 5 "
    "and 90)\", \"operation\": \"Filter: (orders.id between 5 and 90)\", \"access_type\": "
    "\"filter\", \"estimated_rows\": 86.0, \"filter_columns\": [\"shop.orders.id\"], "
    "\"estimated_total_cost\": 17.49621100065872}, \"query_type\": \"select\", "
    "\"json_schema_version\": \"2.0\"}";

static const char mysql_join[] =
    "{\"query\": \"/* select#1 */ select `c`.`name` AS `name`,sum(`o`.`total`) AS "
    "`sum(o.total)` from `shop`.`orders` `o` join `shop`.`customers` `c` where "
    "((`o`.`customer_id` = `c`.`id`) and (`c`.`id` < 20)) group by `c`.`name` order "
    "by sum(`o`.`total`) desc limit 5\", \"query_plan\": {\"limit\": 5, \"inputs\": "
    "[{\"inputs\": [{\"inputs\": [{\"inputs\": [{\"inputs\": [{\"inputs\": [{\"alias\": \"c\", "
    "\"ranges\": [\"(id < 20)\"], \"covering\": false, \"operation\": \"Index range scan on c "
    "using PRIMARY over (id < 20)\", \"index_name\": \"PRIMARY\", \"table_name\": "
    "\"customers\", \"access_type\": \"index\", \"key_columns\": [\"id\"], \"schema_name\": "
    "\"shop\", \"used_columns\": [\"id\", \"name\"], \"estimated_rows\": 19.0, "
    "\"index_access_type\": \"index_range_scan\", \"estimated_total_cost\": "
    "4.0646386718750005}], \"condition\": \"(c.id < 20)\", \"operation\": \"Filter: (c.id < "
    "20)\", \"access_type\": \"filter\", \"estimated_rows\": 19.0, \"filter_columns\": "
    "[\"c.id\"], \"estimated_total_cost\": 4.0646386718750005}, {\"alias\": \"o\", "
    "\"covering\": false, \"operation\": \"Index lookup on o using orders_customer "
    "(customer_id = c.id)\", \"index_name\": \"orders_customer\", \"table_name\": \"orders\", "
    "\"access_type\": \"index\", \"key_columns\": [\"customer_id\"], \"schema_name\": \"shop\", "
    "\"used_columns\": [\"id\", \"customer_id\", \"total\"], \"estimated_rows\": "
    "12.147000312805176, \"lookup_condition\": \"customer_id = c.id\", "
    "\"index_access_type\": \"index_lookup\", \"lookup_references\": [\"shop.c.id\"], "
    "\"estimated_total_cost\": 3.1006816587950055}], \"join_type\": \"inner join\", "
    "\"operation\": \"Nested loop inner join\", \"access_type\": \"join\", \"estimated_rows\": "
    "230.79300594329834, \"join_algorithm\": \"nested_loop\", \"estimated_total_cost\": "
    "84.84219075202942}], \"operation\": \"Aggregate using temporary table\", "
    "\"access_type\": \"temp_table_aggregate\"}], \"operation\": \"Table scan on "
    "<temporary>\", \"table_name\": \"<temporary>\", \"access_type\": \"table\"}], "
    "\"operation\": \"Sort: sum(o.total) DESC, limit input to 5 row(s) per chunk\", "
    "\"access_type\": \"sort\", \"sort_fields\": [\"sum(o.total) DESC\"], \"per_chunk_limit\": "
    "5}], \"operation\": \"Limit: 5 row(s)\", \"access_type\": \"limit\", \"limit_offset\": "
    "0}, \"query_type\": \"select\", \"json_schema_version\": \"2.0\"}";

static const char mysql_join_seq[] =
    "{\"query\": \"/* select#1 */ select `c`.`name` AS `name`,sum(`o`.`total`) AS "
    "`sum(o.total)` from `shop`.`orders` `o` join `shop`.`customers` `c` where "
    "((`c`.`id` = `o`.`customer_id`) and (`o`.`customer_id` < 20)) group by "
    "`c`.`name` order by sum(`o`.`total`) desc limit 5\", \"query_plan\": {\"limit\": 5, "
    "\"inputs\": [{\"inputs\": [{\"inputs\": [{\"inputs\": [{\"inputs\": [{\"inputs\": "
    "[{\"alias\": \"o\", \"operation\": \"Table scan on o\", \"table_name\": \"orders\", "
    "\"access_type\": \"table\", \"schema_name\": \"shop\", \"used_columns\": [\"id\", "
    "\"customer_id\", \"total\"], \"estimated_rows\": 12147.0, \"estimated_total_cost\": "
    "1270.95}], \"condition\": \"((o.customer_id < 20) and (o.customer_id is not "
    "null))\", \"operation\": \"Filter: ((o.customer_id < 20) and (o.customer_id is not "
    "null))\", \"access_type\": \"filter\", \"estimated_rows\": 4048.595032811165, "
    "\"filter_columns\": [\"o.customer_id\"], \"estimated_total_cost\": 1270.95}, "
    "{\"alias\": \"c\", \"covering\": false, \"operation\": \"Single-row index lookup on c "
    "using PRIMARY (id = o.customer_id)\", \"index_name\": \"PRIMARY\", \"table_name\": "
    "\"customers\", \"access_type\": \"index\", \"key_columns\": [\"id\"], \"schema_name\": "
    "\"shop\", \"used_columns\": [\"id\", \"name\"], \"estimated_rows\": 1.0, "
    "\"lookup_condition\": \"id = o.customer_id\", \"index_access_type\": \"index_lookup\", "
    "\"lookup_references\": [\"shop.o.customer_id\"], \"estimated_total_cost\": "
    "0.25002469992656456}], \"join_type\": \"inner join\", \"operation\": \"Nested loop "
    "inner join\", \"access_type\": \"join\", \"estimated_rows\": 4048.595032811165, "
    "\"join_algorithm\": \"nested_loop\", \"estimated_total_cost\": 2687.9582614839073}], "
    "\"operation\": \"Aggregate using temporary table\", \"access_type\": "
    "\"temp_table_aggregate\"}], \"operation\": \"Table scan on <temporary>\", "
    "\"table_name\": \"<temporary>\", \"access_type\": \"table\"}], \"operation\": \"Sort: "
    "sum(o.total) DESC, limit input to 5 row(s) per chunk\", \"access_type\": \"sort\", "
    "\"sort_fields\": [\"sum(o.total) DESC\"], \"per_chunk_limit\": 5}], \"operation\": "
    "\"Limit: 5 row(s)\", \"access_type\": \"limit\", \"limit_offset\": 0}, \"query_type\": "
    "\"select\", \"json_schema_version\": \"2.0\"}";

static const char mariadb_index[] =
    "{\"query_block\": {\"select_id\": 1, \"nested_loop\": [{\"table\": {\"table_name\": "
    "\"orders\", \"access_type\": \"ref\", \"possible_keys\": [\"orders_customer\"], \"key\": "
    "\"orders_customer\", \"key_length\": \"5\", \"used_key_parts\": [\"customer_id\"], \"ref\": "
    "[\"const\"], \"rows\": 10, \"filtered\": 100}}]}}";

static const char mariadb_seq[] =
    "{\"query_block\": {\"select_id\": 1, \"nested_loop\": [{\"table\": {\"table_name\": "
    "\"orders\", \"access_type\": \"ALL\", \"rows\": 9838, \"filtered\": 100, "
    "\"attached_condition\": \"orders.customer_id = 42\"}}]}}";

static const char mariadb_range[] =
    "{\"query_block\": {\"select_id\": 1, \"nested_loop\": [{\"table\": {\"table_name\": "
    "\"orders\", \"access_type\": \"range\", \"possible_keys\": [\"PRIMARY\"], \"key\": "
    "\"PRIMARY\", \"key_length\": \"8\", \"used_key_parts\": [\"id\"], \"rows\": 86, \"filtered\": "
    "100, \"attached_condition\": \"orders.`id` between 5 and 90\"}}]}}";

static const char mariadb_join[] =
    "{\"query_block\": {\"select_id\": 1, \"filesort\": {\"sort_key\": \"sum(o.total) desc\", "
    "\"temporary_table\": {\"nested_loop\": [{\"table\": {\"table_name\": \"c\", "
    "\"access_type\": \"range\", \"possible_keys\": [\"PRIMARY\"], \"key\": \"PRIMARY\", "
    "\"key_length\": \"4\", \"used_key_parts\": [\"id\"], \"rows\": 19, \"filtered\": 100, "
    "\"attached_condition\": \"c.`id` < 20\"}}, {\"table\": {\"table_name\": \"o\", "
    "\"access_type\": \"ref\", \"possible_keys\": [\"orders_customer\"], \"key\": "
    "\"orders_customer\", \"key_length\": \"5\", \"used_key_parts\": [\"customer_id\"], \"ref\": "
    "[\"shop.c.id\"], \"rows\": 4, \"filtered\": 100}}]}}}}";

static const char mariadb_join_seq[] =
    "{\"query_block\": {\"select_id\": 1, \"filesort\": {\"sort_key\": \"sum(o.total) desc\", "
    "\"temporary_table\": {\"nested_loop\": [{\"table\": {\"table_name\": \"o\", "
    "\"access_type\": \"ALL\", \"rows\": 9838, \"filtered\": 100, \"attached_condition\": "
    "\"o.customer_id < 20 and o.customer_id is not null\"}}, {\"table\": {\"table_name\": "
    "\"c\", \"access_type\": \"eq_ref\", \"possible_keys\": [\"PRIMARY\"], \"key\": \"PRIMARY\", "
    "\"key_length\": \"4\", \"used_key_parts\": [\"id\"], \"ref\": [\"shop.o.customer_id\"], "
    "\"rows\": 1, \"filtered\": 100}}]}}}}";

#endif
