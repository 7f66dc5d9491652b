"""graphql-core's executor, told that a Record knows its own type."""

from typing import Any

from graphql import GraphQLResolveInfo
from graphql.execution.executor_throwing_on_incremental import ExecutorThrowingOnIncremental


class RecordExecutor(ExecutorThrowingOnIncremental):
    """Collects, merges, orders and completes fields as graphql-core does; only Strawberry's classes are not asked."""

    def complete_abstract_value(  # noqa: PLR0913, PLR0917 - the arguments are graphql-core's
        self,
        return_type: Any,
        field_details_list: Any,
        info: GraphQLResolveInfo[Any],
        path: Any,
        result: Any,
        position_context: Any,
    ) -> Any:
        """Take the type that the record names."""
        type_ = self.ensure_valid_runtime_type(result.type_name, return_type, field_details_list, info, result)
        return self.complete_object_value(type_, field_details_list, info, path, result, position_context)

    def complete_object_value(  # noqa: PLR0913, PLR0917 - the arguments are graphql-core's
        self,
        return_type: Any,
        field_details_list: Any,
        info: GraphQLResolveInfo[Any],  # noqa: ARG002 - the same
        path: Any,
        result: Any,
        position_context: Any,
    ) -> Any:
        """Ask no class whether it is the record's."""
        return self.collect_and_execute_subfields(return_type, field_details_list, path, result, position_context)
