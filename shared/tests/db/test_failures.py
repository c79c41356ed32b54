"""shared.db.failures: what each failure of the database means."""

from __future__ import annotations

import inspect

import asyncpg
import pytest
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from shared.db.failures import DatabaseUnreachable, Failure, by_sqlstate, classify, is_temporary

VERDICTS = {
    Failure.TEMPORARY: """
        AdminShutdownError CannotConnectNowError ClientCannotConnectError ConfigFileError
        ConfigurationLimitExceededError ConnectionDoesNotExistError ConnectionFailureError
        ConnectionRejectionError CrashShutdownError DatabaseDroppedError DiskFullError DuplicateFileError
        FDWUnableToEstablishConnectionError FileNameTooLongError IdleInTransactionSessionTimeoutError
        IdleSessionTimeoutError InsufficientResourcesError InternalClientError
        InvalidAuthorizationSpecificationError InvalidCatalogNameError InvalidPasswordError
        LockFileExistsError LockNotAvailableError ObjectInUseError OperatorInterventionError
        OutOfMemoryError PostgresConnectionError PostgresIOError PostgresSystemError ProtocolError
        ProtocolViolationError ReadOnlySQLTransactionError StatementCompletionUnknownError
        TargetServerAttributeNotMatched TooManyConnectionsError TransactionResolutionUnknownError
        UndefinedFileError
    """,
    Failure.RETRYABLE: """
        DeadlockDetectedError InvalidCachedStatementError InvalidSQLStatementNameError
        OutdatedSchemaCacheError SerializationError SnapshotTooOldError TransactionRollbackError
    """,
    Failure.SLOW: """
        QueryCanceledError TransactionTimeoutError
    """,
    Failure.WRONG_DATA: """
        CharacterNotInRepertoireError DatetimeFieldOverflowError InvalidDatetimeFormatError
        InvalidTextRepresentationError NumericValueOutOfRangeError ProgramLimitExceededError
        StringDataRightTruncationError UntranslatableCharacterError
    """,
    Failure.BUG: """
        ActiveSQLTransactionError AmbiguousAliasError AmbiguousColumnError AmbiguousFunctionError
        AmbiguousParameterError ArraySubscriptError AssertError BadCopyFileFormatError
        BranchTransactionAlreadyActiveError CannotCoerceError CantChangeRuntimeParamError
        CardinalityViolationError CaseNotFoundError CheckViolationError ClientConfigurationError
        CollationMismatchError ContainingSQLNotPermittedError DataCorruptedError DataError
        DatatypeMismatchError DependentObjectsStillExistError DependentPrivilegeDescriptorsStillExistError
        DiagnosticsError DivisionByZeroError DuplicateAliasError DuplicateColumnError DuplicateCursorError
        DuplicateDatabaseError DuplicateFunctionError DuplicateJsonObjectKeyValueError DuplicateObjectError
        DuplicatePreparedStatementError DuplicateSchemaError DuplicateTableError ErrorInAssignmentError
        EscapeCharacterConflictError EventTriggerProtocolViolatedError ExclusionViolationError
        ExternalRoutineError ExternalRoutineInvocationError FDWColumnNameNotFoundError
        FDWDynamicParameterValueNeededError FDWError FDWFunctionSequenceError
        FDWInconsistentDescriptorInformationError FDWInvalidAttributeValueError FDWInvalidColumnNameError
        FDWInvalidColumnNumberError FDWInvalidDataTypeDescriptorsError FDWInvalidDataTypeError
        FDWInvalidDescriptorFieldIdentifierError FDWInvalidHandleError FDWInvalidOptionIndexError
        FDWInvalidOptionNameError FDWInvalidStringFormatError FDWInvalidStringLengthOrBufferLengthError
        FDWInvalidUseOfNullPointerError FDWNoSchemasError FDWOptionNameNotFoundError FDWOutOfMemoryError
        FDWReplyHandleError FDWSchemaNotFoundError FDWTableNotFoundError FDWTooManyHandlesError
        FDWUnableToCreateExecutionError FDWUnableToCreateReplyError FatalPostgresError
        FeatureNotSupportedError ForeignKeyViolationError FunctionExecutedNoReturnStatementError
        GeneratedAlwaysError GroupingError HeldCursorRequiresSameIsolationLevelError
        InFailedSQLTransactionError InappropriateAccessModeForBranchTransactionError
        InappropriateIsolationLevelForBranchTransactionError IndeterminateCollationError
        IndeterminateDatatypeError IndexCorruptedError IndicatorOverflowError InsufficientPrivilegeError
        IntegrityConstraintViolationError InterfaceError InternalServerError IntervalFieldOverflowError
        InvalidArgumentForLogarithmError InvalidArgumentForNthValueFunctionError
        InvalidArgumentForNtileFunctionError InvalidArgumentForPowerFunctionError
        InvalidArgumentForSQLJsonDatetimeFunctionError InvalidArgumentForWidthBucketFunctionError
        InvalidArgumentForXqueryError InvalidBinaryRepresentationError InvalidCharacterValueForCastError
        InvalidColumnDefinitionError InvalidColumnReferenceError InvalidCursorDefinitionError
        InvalidCursorNameError InvalidCursorStateError InvalidDatabaseDefinitionError
        InvalidEscapeCharacterError InvalidEscapeOctetError InvalidEscapeSequenceError
        InvalidForeignKeyError InvalidFunctionDefinitionError InvalidGrantOperationError InvalidGrantorError
        InvalidIndicatorParameterValueError InvalidJsonTextError InvalidLocatorSpecificationError
        InvalidNameError InvalidObjectDefinitionError InvalidParameterValueError
        InvalidPrecedingOrFollowingSizeError InvalidPreparedStatementDefinitionError InvalidRecursionError
        InvalidRegularExpressionError InvalidRoleSpecificationError InvalidRowCountInLimitClauseError
        InvalidRowCountInResultOffsetClauseError InvalidSQLJsonSubscriptError
        InvalidSavepointSpecificationError InvalidSchemaDefinitionError InvalidSchemaNameError
        InvalidSqlstateReturnedError InvalidTableDefinitionError InvalidTablesampleArgumentError
        InvalidTablesampleRepeatError InvalidTimeZoneDisplacementValueError
        InvalidTransactionInitiationError InvalidTransactionStateError InvalidTransactionTerminationError
        InvalidUseOfEscapeCharacterError InvalidXmlCommentError InvalidXmlContentError
        InvalidXmlDocumentError InvalidXmlProcessingInstructionError LocatorError
        ModifyingExternalRoutineSQLDataNotPermittedError ModifyingSQLDataNotPermittedError
        MoreThanOneSQLJsonItemError MostSpecificTypeMismatchError NameTooLongError
        NoActiveSQLTransactionError NoActiveSQLTransactionForBranchTransactionError NoDataFoundError
        NoSQLJsonItemError NonNumericSQLJsonItemError NonUniqueKeysInAJsonObjectError
        NonstandardUseOfEscapeCharacterError NotAnXmlDocumentError NotNullViolationError
        NullValueInExternalRoutineNotAllowedError NullValueNoIndicatorParameterError
        NullValueNotAllowedError ObjectNotInPrerequisiteStateError PLPGSQLError PostgresError
        PostgresFloatingPointError PostgresSyntaxError ProhibitedExternalRoutineSQLStatementAttemptedError
        ProhibitedSQLStatementAttemptedError RaiseError ReadingExternalRoutineSQLDataNotPermittedError
        ReadingSQLDataNotPermittedError ReservedNameError RestrictViolationError SQLJsonArrayNotFoundError
        SQLJsonItemCannotBeCastToTargetTypeError SQLJsonMemberNotFoundError SQLJsonNumberNotFoundError
        SQLJsonObjectNotFoundError SQLJsonScalarRequiredError SQLRoutineError
        SQLStatementNotYetCompleteError SavepointError SchemaAndDataStatementMixingNotSupportedError
        SequenceGeneratorLimitExceededError SingletonSQLJsonItemRequiredError SrfProtocolViolatedError
        StackedDiagnosticsAccessedWithoutActiveHandlerError StatementTooComplexError
        StringDataLengthMismatchError SubstringError SyntaxOrAccessError TooManyArgumentsError
        TooManyColumnsError TooManyJsonArrayElementsError TooManyJsonObjectMembersError TooManyRowsError
        TransactionIntegrityConstraintViolationError TriggerProtocolViolatedError TriggeredActionError
        TriggeredDataChangeViolationError TrimError UndefinedColumnError UndefinedFunctionError
        UndefinedObjectError UndefinedParameterError UndefinedTableError UniqueViolationError
        UnknownPostgresError UnsafeNewEnumValueUsageError UnsupportedClientFeatureError
        UnsupportedServerFeatureError UnterminatedCStringError WindowingError WithCheckOptionViolationError
        WrongObjectTypeError ZeroLengthCharacterStringError
    """,
}
"""Of every error that the driver can raise. One that a new version brings is in none, and somebody must decide."""
CLASSES = [
    kind
    for _, kind in inspect.getmembers(asyncpg.exceptions, inspect.isclass)
    if issubclass(kind, Exception) and not issubclass(kind, Warning)
]


def error(sqlstate: str, *, severity: str = "ERROR", message: str = "said") -> asyncpg.PostgresError:
    return asyncpg.PostgresError.new({"C": sqlstate, "V": severity, "M": message})


def test_every_error_of_the_driver_has_a_verdict() -> None:
    decided = {name: verdict for verdict, names in VERDICTS.items() for name in names.split()}
    assert {kind.__name__: classify(kind("said")) for kind in CLASSES} == decided


@pytest.mark.parametrize(
    ("state", "verdict"),
    [
        ("08P02", Failure.TEMPORARY),
        ("53101", Failure.TEMPORARY),
        ("57P06", Failure.TEMPORARY),
        ("40P02", Failure.RETRYABLE),
        ("23999", Failure.BUG),
        ("", Failure.BUG),
    ],
)
def test_a_state_that_the_driver_does_not_know_is_judged_by_its_class(state: str, verdict: Failure) -> None:
    assert by_sqlstate(state) is classify(error(state)) is verdict


def test_what_ends_the_session_is_no_statements_fault() -> None:
    assert classify(error("XX000", severity="FATAL")) is Failure.TEMPORARY
    assert classify(error("XX000")) is Failure.BUG
    assert classify(error("XX000", message="cache lookup failed for type 4")) is Failure.RETRYABLE


def test_the_drivers_own_errors_are_told_apart_by_what_they_say() -> None:
    assert (
        classify(asyncpg.InterfaceError("cannot perform operation: connection is closed"))
        is Failure.TEMPORARY
    )
    wrong = "invalid input for query argument $1: 5000000000 (value out of int32 range)"
    assert classify(asyncpg.DataError(wrong)) is Failure.WRONG_DATA
    assert classify(asyncpg.InterfaceError("another operation is in progress")) is Failure.BUG


def test_a_pool_without_a_free_or_a_living_connection_passes() -> None:
    assert is_temporary(PoolTimeout("QueuePool limit of size 5 reached"))
    assert is_temporary(InvalidRequestError("This connection is closed"))
    assert is_temporary(DatabaseUnreachable("no connection"))
    assert is_temporary(DBAPIError("SELECT 1", {}, Exception("gone"), connection_invalidated=True))
    assert classify(DBAPIError("SELECT 1", {}, Exception("odd"))) is Failure.BUG


def test_what_does_not_come_from_the_database_is_somebody_elses() -> None:
    for other in (
        ValueError("x"),
        TimeoutError(),
        ConnectionRefusedError(),
        InvalidRequestError("closed"),
        None,
    ):
        assert classify(other) is None
