"""What the page about reliability says of single faults, each line with the test that proves it."""

from __future__ import annotations

from dataclasses import dataclass

from airflow_provider_onesignal import exceptions as e

SUCCEEDS = "The task succeeds; its log says what happened."
AS_BEFORE = "The object that was there, if any."
NO_EXPORT = f"{AS_BEFORE} No export was started."
KEPT = f"{AS_BEFORE} The next try goes on with the same export."
WHOLE = "The object, whole."

BAD_INPUT = "tests/integration/test_bad_input.py::"
TRANSFERS = "tests/integration/test_transfers.py::"
STORES_TESTS = "tests/integration/test_stores.py::"
KILL = "tests/system/test_kill_system.py::"
EXPORT = "tests/system/test_export_system.py::"
DEADLINES = "tests/system/test_deadlines_system.py::"
UNIT_DEADLINES = "tests/unit/test_deadlines.py::"
OPERATOR = "tests/unit/operators/test_export.py::"
ANSWERS = "tests/unit/test_hostile_answers.py::"
STORE_MATRIX = (
    f"{STORES_TESTS}TestEveryFault::test_of_a_store_ends_in_the_file_or_in_one_typed_error"
)
STARTED_IS_KEPT = f"{AS_BEFORE} An export that was started is kept for the next try."


@dataclass(frozen=True)
class Line:
    """
    A line.

    :param fault: what goes wrong
    :param seen: what the user sees, as a text or as the type of the error
    :param left: what is left behind
    :param proof: the test, as pytest names it
    """

    fault: str
    seen: str | type[e.OneSignalError]
    left: str
    proof: str


DESTINATION = (
    Line(
        "Another object is there, and `replace` is False",
        e.OneSignalDestinationTakenError,
        "The object that was there. No export was started.",
        f"{BAD_INPUT}TestTheDestination::test_that_is_taken_is_refused_before_the_first_byte",
    ),
    Line(
        "This very export is there already",
        "The task succeeds without copying; `copied` in its summary is False.",
        "The object that was there.",
        f"{TRANSFERS}TestRunningAgain::test_copies_nothing_where_this_very_export_is_there",
    ),
    Line(
        "The worker dies after the copy, before Airflow has noted the success",
        "The next try succeeds without copying.",
        WHOLE,
        f"{TRANSFERS}TestRunningAgain"
        "::test_finds_what_a_worker_copied_that_died_before_it_could_say_so",
    ),
    Line(
        "The bucket is missing, or a file stands where a folder must be",
        e.OneSignalDestinationError,
        NO_EXPORT,
        f"{BAD_INPUT}TestTheDestination"
        "::test_that_cannot_be_there_is_refused_before_anything_is_asked",
    ),
    Line(
        "S3 refuses access once the export is there",
        e.OneSignalDestinationError,
        KEPT,
        f"{BAD_INPUT}TestAStoreThatRefuses::test_s3",
    ),
    Line(
        "GCS refuses access once the export is there",
        e.OneSignalDestinationError,
        KEPT,
        f"{BAD_INPUT}TestAStoreThatRefuses::test_gcs",
    ),
    Line(
        "The package of the store's provider is not installed",
        e.OneSignalConfigurationError,
        NO_EXPORT,
        f"{BAD_INPUT}TestTheDestination::test_without_its_extra_names_what_to_install",
    ),
    Line(
        "The process is asked to end in the middle of the copy",
        "What ended it.",
        f"{AS_BEFORE} No part of an upload, no temporary file.",
        f"{STORES_TESTS}TestEveryStore::test_is_left_as_it_was_by_an_interrupt",
    ),
    Line(
        "`execution_timeout` passes while a copy stalls",
        "Airflow's `AirflowTaskTimeout`, at once.",
        f"{AS_BEFORE} No part of an upload, no temporary file.",
        f"{STORES_TESTS}TestAStoreThatStalls::test_at_a_part_but_still_answers_keeps_nothing",
    ),
)


STORES = (
    Line(
        "It fails for a moment at any step (5xx, 429, a cut connection), or is slow",
        SUCCEEDS,
        WHOLE,
        STORE_MATRIX,
    ),
    Line(
        "It fails, throttles or cannot be reached for good, at any step",
        e.OneSignalDestinationUnavailableError,
        STARTED_IS_KEPT,
        STORE_MATRIX,
    ),
    Line(
        "It refuses access (403), at any step",
        e.OneSignalDestinationError,
        STARTED_IS_KEPT,
        STORE_MATRIX,
    ),
    Line(
        "It acts on the last request of an upload, and its answer is lost: its metadata tells",
        SUCCEEDS,
        WHOLE,
        STORE_MATRIX,
    ),
    Line(
        "S3 begins an upload, and its answer is lost",
        SUCCEEDS,
        f"{WHOLE} Beside it an unfinished upload without parts, for a lifecycle rule.",
        STORE_MATRIX,
    ),
    Line(
        "It fails for good, and S3 cannot even be told to abort the upload",
        e.OneSignalDestinationUnavailableError,
        f"{AS_BEFORE} An unfinished upload, named in the log, for a lifecycle rule.",
        STORE_MATRIX,
    ),
    Line(
        "It is gone after the last step, so that it cannot be asked whether the object is there",
        e.OneSignalDestinationUnavailableError,
        "The object, whole, or what was there. The next try looks.",
        f"{STORES_TESTS}TestS3::test_that_is_gone_after_its_last_step_leaves_it_open",
    ),
    Line(
        "An object appears during the copy, and `replace` is False",
        e.OneSignalDestinationTakenError,
        "The object that appeared.",
        f"{STORES_TESTS}TestEveryStore::test_is_not_written_over_where_an_object_appeared",
    ),
)

PROCESSES = (
    Line(
        "The task is told to stop (SIGTERM) in the middle of the copy",
        "The copy is given up and the task fails.",
        f"{AS_BEFORE} No part of an upload, no temporary file.",
        f"{STORES_TESTS}TestEveryStore::test_is_left_as_it_was_by_a_task_that_is_told_to_stop",
    ),
    Line(
        "SIGKILL of the task's process while it waits",
        "The next try says that it goes on with the export, and succeeds.",
        "The export, in the task's state.",
        f"{KILL}test_a_task_killed_while_it_waits_goes_on_with_the_same_export",
    ),
    Line(
        "SIGKILL of the task's process in the middle of the copy",
        "The next try copies the same export from its first byte, and succeeds.",
        "What the process could not remove: see [Killed tasks](#killed-tasks).",
        f"{KILL}test_a_task_killed_in_the_middle_of_the_copy_leaves_nothing_half_done",
    ),
    Line(
        "SIGKILL of the triggerer while the task is deferred",
        "Another triggerer goes on, with the same deadline; one try in all.",
        "Nothing.",
        f"{EXPORT}test_a_killed_triggerer_costs_no_second_export",
    ),
    Line(
        "SIGKILL of all of Airflow while the task is deferred, and a start",
        "The task goes on and succeeds, with one export.",
        "Nothing.",
        f"{KILL}test_everything_killed_and_started_again_goes_on_with_the_same_export",
    ),
    Line(
        "The deferral is lost",
        "The next try goes on with the same export.",
        "The export, in the task's state.",
        f"{TRANSFERS}TestResuming::test_a_lost_deferral_is_followed_by_the_same_export",
    ),
    Line(
        "A user ends the task while it is deferred (marks it failed)",
        "The trigger's log says that the export goes on, and at which host its file will be.",
        "The export, in the task's state: once cleared, the task takes it up.",
        f"{DEADLINES}test_a_task_ended_while_it_waits_says_that_its_export_goes_on_and_can_be_taken_up",
    ),
    Line(
        "A user ends the task while it waits on a worker",
        "The log says that the export goes on, at which host its file will be, and whether the "
        "next try goes on with it.",
        "The export, in the task's state.",
        f"{DEADLINES}test_a_task_ended_on_its_worker_says_that_its_export_goes_on",
    ),
    Line(
        "The task is cleared after its success",
        "A new export, as asked for.",
        "In the task's state: what was stored, for a retry; not the URL.",
        f"{DEADLINES}test_a_task_that_is_cleared_after_its_success_exports_anew",
    ),
    Line(
        "The next try comes after 3 days, or has other parameters",
        "A new export; the log says why.",
        "Nothing.",
        f"{OPERATOR}TestAnotherTry::test_starts_a_new_one_where_the_old_one_is_of_no_use",
    ),
    Line(
        "`durable=False`, or Airflow below 3.3, and a try fails",
        "The next try starts a new export, once the running one is done.",
        "The export nobody waits for; it expires after 3 days.",
        f"{OPERATOR}TestAnotherTry::test_without_durability_starts_a_new_one",
    ),
    Line(
        "The task's state cannot be written",
        "A warning; this try goes on. Should it fail, the next one exports again.",
        "Nothing.",
        f"{OPERATOR}TestAnotherTry::test_a_state_that_cannot_be_written_costs_the_next_try_and_not_this_one",
    ),
)

TIMES = (
    Line(
        "`timeout` of a deferred operator or transfer passes",
        e.OneSignalExportTimeoutError,
        KEPT,
        f"{DEADLINES}test_a_deferred_export_ends_at_its_timeout_with_an_error_of_its_own",
    ),
    Line(
        "`timeout` passes in a worker",
        e.OneSignalExportTimeoutError,
        KEPT,
        f"{UNIT_DEADLINES}TestInAWorker::test_the_wait_ends_as_the_task_should",
    ),
    Line(
        "`timeout` of a sensor passes, deferred or not",
        "`AirflowSensorTimeout`, with the last state seen; with `soft_fail` the task is skipped.",
        "The export at OneSignal.",
        f"{DEADLINES}test_a_deferred_sensor_ends_at_its_timeout_failed_or_skipped",
    ),
    Line(
        "`execution_timeout` passes while a task is deferred",
        e.OneSignalExportTimeoutError,
        KEPT,
        f"{DEADLINES}test_a_deferred_export_ends_at_its_timeout_with_an_error_of_its_own",
    ),
    Line(
        "`execution_timeout` passes while it waits in a worker",
        "Airflow's `AirflowTaskTimeout`.",
        KEPT,
        f"{UNIT_DEADLINES}TestInAWorker"
        "::test_execution_timeout_is_airflows_and_the_next_try_knows_the_export",
    ),
    Line(
        "No triggerer serves the deferral until 5 minutes after its end",
        e.OneSignalExportTimeoutError,
        KEPT,
        f"{UNIT_DEADLINES}TestDeferred::test_a_wait_that_no_triggerer_serves_ends_the_same_way",
    ),
    Line(
        'Another export runs, and `on_conflict` is "fail"',
        e.OneSignalExportInProgressError,
        NO_EXPORT,
        f"{OPERATOR}TestTheTakenSlot::test_fail_raises_at_once",
    ),
)

INPUT = (
    Line(
        "The connection is missing",
        e.OneSignalConfigurationError,
        NO_EXPORT,
        f"{BAD_INPUT}TestTheConnection::test_that_is_missing_is_named",
    ),
    Line(
        "It lacks App ID or key, or holds a key of the organization or a host that is none",
        e.OneSignalConfigurationError,
        NO_EXPORT,
        f"{BAD_INPUT}TestTheConnection::test_that_lacks_something_is_refused_before_any_request",
    ),
    Line(
        "Its key belongs to another app, which the text names",
        e.OneSignalAuthenticationError,
        NO_EXPORT,
        f"{BAD_INPUT}TestTheConnection::test_with_the_key_of_another_app_says_whose_it_is",
    ),
    Line(
        "Its host cannot be reached",
        e.OneSignalUnreachableError,
        NO_EXPORT,
        f"{BAD_INPUT}TestTheConnection::test_to_an_unreachable_host_names_host_and_connection",
    ),
    Line(
        "The TLS certificate of its host is not trusted",
        e.OneSignalConfigurationError,
        NO_EXPORT,
        "tests/unit/api/test_client.py::test_an_untrusted_certificate_is_a_matter_of_configuration",
    ),
    Line(
        "`csv_file_url` is no http(s) URL",
        e.OneSignalValidationError,
        AS_BEFORE,
        f"{BAD_INPUT}TestTheUrl::test_that_is_none_is_refused_and_not_repeated",
    ),
    Line(
        "A filter or another parameter breaks a rule of OneSignal's, or cannot be sent",
        e.OneSignalValidationError,
        "Nothing was sent.",
        "tests/unit/checks/test_hostile_parameters.py"
        "::test_filters_pass_and_can_be_sent_or_are_refused",
    ),
    Line(
        "Any other answer of any shape, to any operation",
        "A value of the right type, or a typed error in one bounded line.",
        "Nothing.",
        f"{ANSWERS}test_any_answer_to_any_operation_is_its_value_or_a_typed_error",
    ),
    Line(
        "Headers, or bytes that are no HTTP",
        "The same.",
        "Nothing.",
        f"{ANSWERS}TestOverTheWire::test_headers_of_the_api_are_as_hostile_as_bodies",
    ),
    Line(
        "An event of any shape from the triggerer",
        "A typed error; never taken for a ready file.",
        "Nothing.",
        f"{UNIT_DEADLINES}TestAnyEvent::test_ends_in_a_result_a_deferral_or_a_typed_error",
    ),
)
