/* The commands; each is a row in a file of its own, and main.c has the list. */
#ifndef PRIMAFLOW_CLI_COMMANDS_H
#define PRIMAFLOW_CLI_COMMANDS_H

#include "cli.h"

extern const struct command command_config_reference, command_consume, command_dlq_adopt,
    command_dlq_assign, command_dlq_discard, command_dlq_edit, command_dlq_export,
    command_dlq_import, command_dlq_release, command_dlq_resolve, command_dlq_list,
    command_dlq_note, command_dlq_retry, command_dlq_show, command_dlq_snooze, command_doctor,
    command_exceptions, command_generate_orders, command_generate_refunds,
    command_import_shopify_orders, command_import_shopify_refunds,
    command_import_bigcommerce_refunds, command_amended, command_ledger_import, command_ledger_show,
    command_mappings_check, command_produce, command_replay_cancel, command_replay_plan,
    command_replay_rebuild_keys, command_replay_resume, command_replay_run, command_replay_status,
    command_report_exceptions, command_report_refunds, command_report_shadow, command_topics_check,
    command_topics_create, command_why;

#endif
