"""What an attacker would try, and the test that tries it.

``ATTACKS`` names for each attack the tests of the real thing, here or beside what they attack; ``test_the_list`` sees
that each of them is there. The tests of this folder ask one node that is served as `jutong serve` has it: two workers
behind sockets, the gateway (``/r1``), shares (``/sharing``), management API and pages elsewhere.
"""

from __future__ import annotations

from collections.abc import Mapping

_BODIES, _MESSAGES = "tests/hostile/test_bodies.py", "tests/hostile/test_two_messages.py"
_OUTSIDE, _KNOWN = "tests/hostile/test_answers_from_outside.py", "tests/hostile/test_known_or_not.py"
_STOLEN, _AIMED = "tests/hostile/test_stolen_and_counted.py", "tests/hostile/test_aimed_sources.py"
_BOUNDS, _GATEWAY = "tests/hostile/test_bounds.py", "tests/unit/test_gateway_attacks.py"
_RIGHTS, _PAGES = "tests/contracts/test_api_rights.py", "tests/contracts/test_page_rights.py"
_INPUT, _FILES = "tests/contracts/test_api_bad_input.py", "tests/unit/test_collection.py"
_SIGNED, _WIRE, _IDENTITY = "tests/unit/test_httpsig.py", "tests/unit/test_wire.py", "tests/unit/test_identity.py"

ATTACKS: Mapping[str, tuple[str, ...]] = {
    "API1 another body's object": (
        f"{_RIGHTS}::test_every_duty_in_another_body_does_not_reach_into_this_one",
        f"{_RIGHTS}::test_what_is_not_yours_to_see_is_as_if_it_were_not",
        f"{_RIGHTS}::test_acting_on_what_you_may_not_see_tells_you_nothing",
        f"{_PAGES}::test_a_page_is_shown_to_those_whom_it_concerns",
        f"{_PAGES}::test_what_is_ones_own_needs_a_self",
        f"{_GATEWAY}::test_a_system_without_agreement_does_not_see_that_there_is_one",
    ),
    "API2 no, another's or a worn-out credential": (
        f"{_RIGHTS}::test_nobody_comes_in_without_a_credential_that_counts",
        "tests/unit/test_sharing_of_tables.py::test_nobody_reads_without_a_profile_that_serves",
        "tests/unit/test_way_in.py::test_after_five_failures_the_door_stays_shut_for_a_minute",
        f"{_IDENTITY}::test_an_assertion_with_one_thing_wrong_opens_nothing",
    ),
    "API3 members that nobody offered": (
        f"{_INPUT}::test_a_message_with_unknown_members_is_refused",
        f"{_INPUT}::test_no_member_of_any_message_breaks_the_node",
        f"{_GATEWAY}::test_no_body_breaks_anything",
    ),
    "API4 more than is good for the node": (
        f"{_BOUNDS}::test_every_list_has_an_end",
        f"{_BOUNDS}::test_no_more_than_that_is_handed_out",
        f"{_BOUNDS}::test_every_body_has_a_bound",
        f"{_BOUNDS}::test_deliveries_are_handed_out_page_by_page",
    ),
    "API5 another duty's act": (
        f"{_RIGHTS}::test_a_post_without_the_duty_can_do_nothing",
        f"{_RIGHTS}::test_an_administrator_rules_only_over_bodies_of_its_node",
        f"{_PAGES}::test_an_act_is_done_by_those_who_may_and_by_nobody_else",
        f"{_PAGES}::test_the_guard_and_we_agree_who_may_act",
    ),
    "tokens: alg none, HS with a public key, jwk, jku, kid": (
        f"{_GATEWAY}::test_no_token_but_the_nodes_own_is_known",
        "tests/unit/test_session_tokens.py::test_a_token_with_one_thing_wrong_opens_nothing",
        "tests/unit/test_provider.py::test_a_token_with_one_thing_wrong_opens_nothing",
        "tests/unit/test_provider.py::test_a_set_of_keys_with_a_secret_in_it_proves_nothing",
    ),
    "replayed signatures": (
        f"{_GATEWAY}::test_a_replay_is_refused_after_a_restart",
        "tests/unit/test_gateway.py::test_two_workers_share_quota_and_used_signatures",
        f"{_RIGHTS}::test_a_neighbours_signed_request_counts_once_in_all_workers",
        f"{_IDENTITY}::test_what_was_signed_counts_once",
    ),
    "stale, re-targeted, truncated signatures": (
        f"{_GATEWAY}::test_a_signature_that_does_not_fit_is_not_known",
        f"{_GATEWAY}::test_a_signed_call_cannot_be_moved_to_another_place",
        f"{_GATEWAY}::test_a_signature_for_a_foreign_host_is_refused_even_with_that_host",
        f"{_SIGNED}::test_a_signature_lives_five_minutes",
        f"{_SIGNED}::test_any_changed_byte_of_the_target_is_noticed",
        f"{_SIGNED}::test_a_covered_field_cannot_be_taken_away_or_slipped_in",
        f"{_SIGNED}::test_nonsense_is_refused_not_a_crash",
    ),
    "races for the quota": (
        f"{_STOLEN}::test_the_last_call_of_a_day_is_one_callers",
        "tests/unit/test_gateway.py::test_the_quota_is_exact_over_processes_and_outlives_kill",
        "tests/unit/test_outflows.py::test_a_run_in_which_nothing_left_counts_nothing",
    ),
    "who and what is there, by status, size and time": (
        f"{_KNOWN}::test_a_system_that_is_known_costs_a_stranger_the_same_work",
        f"{_KNOWN}::test_a_service_of_others_is_as_if_it_were_not",
        f"{_KNOWN}::test_a_share_of_others_is_as_if_it_were_not",
        f"{_KNOWN}::test_an_account_that_is_known_costs_a_stranger_the_same_work",
    ),
    "two messages in one, and targets that two readers see differently": (
        f"{_MESSAGES}::test_what_hides_behind_a_message_is_never_a_call",
        f"{_MESSAGES}::test_a_target_that_two_readers_see_differently_leads_nowhere",
        f"{_MESSAGES}::test_a_request_names_one_host",
        f"{_MESSAGES}::test_a_line_ends_in_one_way",
        f"{_MESSAGES}::test_one_who_is_known_lends_nothing_to_the_next_call",
        f"{_WIRE}::test_no_second_message_hides_in_a_first",
    ),
    "slow and endless callers": (
        f"{_WIRE}::test_slow_callers_are_shown_out_while_others_are_served",
        f"{_WIRE}::test_a_caller_that_drips_fields_is_shown_out",
        f"{_WIRE}::test_fields_without_end_are_refused",
        f"{_WIRE}::test_a_body_that_trickles_ends_the_call_and_one_that_goes_on_does_not",
        f"{_WIRE}::test_whoever_takes_nothing_of_an_answer_is_cut_off",
    ),
    "bodies of 10 MB and of 1 GB": (
        f"{_BODIES}::test_a_body_that_is_declared_too_large_is_refused_unsent",
        f"{_BODIES}::test_a_body_without_end_is_cut_off",
        f"{_BODIES}::test_a_delivery_larger_than_any_may_be_is_refused_unsent",
        f"{_INPUT}::test_a_delivery_beyond_the_limit_is_refused",
    ),
    "what unpacks without end": (
        f"{_BODIES}::test_a_packed_request_is_not_unpacked",
        f"{_OUTSIDE}::test_a_packed_answer_is_refused_packed",
        f"{_FILES}::test_a_gzip_bomb_is_refused",
        f"{_FILES}::test_a_zip_bomb_is_refused_before_it_is_opened",
        f"{_FILES}::test_a_parquet_file_that_unfolds_without_end_is_bounded",
    ),
    "messages and files that are made to hurt: depth, entities, aliases, one endless line": (
        f"{_BODIES}::test_a_message_that_is_made_to_hurt_is_refused",
        f"{_FILES}::test_xml_entities_are_refused",
        f"{_FILES}::test_a_record_larger_than_memory_bears_is_refused",
        "tests/unit/test_rulebooks.py::test_yaml_is_read_without_its_traps",
    ),
    "hostile answers: dripping, endless, packed, redirected, rebound": (
        f"{_OUTSIDE}::test_an_answer_that_trickles_is_given_up",
        f"{_OUTSIDE}::test_a_body_that_is_streamed_keeps_the_pace_too",
        f"{_OUTSIDE}::test_an_answer_without_end_is_given_up",
        f"{_OUTSIDE}::test_no_answer_sends_this_node_elsewhere",
        f"{_OUTSIDE}::test_a_name_that_leads_elsewhere_at_the_second_look_is_looked_up_once",
    ),
    "places that are named to be called: the cloud's secrets, this machine, its database": (
        f"{_AIMED}::test_a_source_is_where_the_node_lets_it_be",
        f"{_AIMED}::test_the_nodes_own_database_is_no_source",
        f"{_AIMED}::test_a_plan_cannot_be_aimed",
        f"{_OUTSIDE}::test_where_machines_keep_their_own_secrets_nobody_is_called",
        "tests/unit/test_subscriptions.py::test_no_receiver_is_at_an_address_that_is_never_called",
    ),
    "a key that was stolen, given up while its thief calls": (
        f"{_STOLEN}::test_a_stolen_key_is_worth_nothing_a_second_after_it_was_given_up",
        "tests/unit/test_gateway.py::test_a_token_dies_with_the_key_that_opened_it",
        "tests/unit/test_sharing_of_tables.py::test_a_right_that_was_taken_away_is_gone_in_the_middle_of_a_read",
    ),
    "words that pose as SQL, script, formula, path or field": (
        f"{_INPUT}::test_hostile_words_are_only_words",
        f"{_GATEWAY}::test_no_field_takes_an_injection",
        f"{_GATEWAY}::test_no_key_and_no_fact_takes_an_injection",
        "tests/unit/test_whole_files.py::test_no_cell_of_a_csv_is_a_formula",
    ),
}
