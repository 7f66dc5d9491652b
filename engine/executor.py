"""graphql-core's executor as the engine uses it: rows are read by the compiler, and mutations come prepared."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, cast

import orjson
from graphql import ExecutionResult, FieldNode, GraphQLError, GraphQLObjectType, GraphQLResolveInfo
from graphql.execution.executor_throwing_on_incremental import ExecutorThrowingOnIncremental
from graphql.pyutils import Path

from engine.commands import Command, Part, Ref

ReadBack = Callable[[list[FieldNode], GraphQLObjectType, Ref | None], Awaitable[bytes | None]]
"""Reads a field of a type, by its source or the rows of a Ref, as JSON."""


@dataclass(frozen=True, slots=True)
class Context:
    """What resolvers find as `info.context`: who asks. The other is for the executor."""

    caller: Any
    read_back: ReadBack


READ: Any = object()
"""What a root field with a source is resolved to: the engine reads it."""


class ReadingExecutor(ExecutorThrowingOnIncremental):
    """graphql-core's executor, except that rows are read by the compiler and are finished when they come."""

    async def executed(self) -> ExecutionResult:
        """Run the operation as graphql-core does."""
        done = self.execute_operation()
        result = await done if isinstance(done, Awaitable) else done
        return cast("ExecutionResult", result)

    async def carried_out(self, commands: tuple[Command, ...]) -> ExecutionResult:
        """Run the root fields of a mutation one after the other, as `execute_operation` would."""
        errors = self.collected_errors
        try:
            data = {command.key: await self._carried_out(command) for command in commands}
        except GraphQLError as error:
            # A field that may not be null takes all with it, and what comes after it is not done.
            errors.add(error, None)
            return ExecutionResult(None, errors.errors)
        return ExecutionResult(data, errors.errors or None)

    async def _carried_out(self, command: Command) -> Any:
        type_, path = command.field.type, Path(None, command.key, command.root.name)
        info = self.build_resolve_info(command.field, command.nodes, command.root, path)
        try:
            payload = await command.resolve(None, info, **command.arguments(self.variable_values))
            plain = command.plain(payload)
            if plain is not None:
                if plain.found:
                    part, ref = plain.found
                    plain.answer[part.key] = await self._read(plain.of, part, ref, path)
                return plain.answer
            completed = self.complete_value(type_, command.details, info, path, payload, None)
            return await completed if self.is_awaitable(completed) else completed
        except Exception as fault:  # noqa: BLE001 - what a resolver raises is an error of its field
            self.handle_field_error(fault, type_, command.details, path)
            return None

    async def _read(self, of: GraphQLObjectType, part: Part, ref: Ref, path: Path) -> Any:
        context: Context = self.context_value
        try:
            data = await context.read_back(part.nodes, of, ref)
        except Exception as fault:  # noqa: BLE001 - as above
            self.handle_field_error(fault, part.type, part.details, path.add_key(part.key, of.name))
            return None
        return None if data is None else orjson.Fragment(data)

    def complete_value(  # noqa: PLR0913, PLR0917 - the arguments are graphql-core's
        self,
        return_type: Any,
        field_details_list: Any,
        info: GraphQLResolveInfo[Any],
        path: Any,
        result: Any,
        position_context: Any,
    ) -> Any:
        """Let the engine read roots with a source and Refs; complete everything else as graphql-core does."""
        if result is READ:
            return self._parsed(info, None)
        if isinstance(result, Ref):
            return self._parsed(info, result)
        return super().complete_value(return_type, field_details_list, info, path, result, position_context)

    async def _parsed(self, info: GraphQLResolveInfo[Any], ref: Ref | None) -> Any:
        context: Context = self.context_value
        data = await context.read_back(info.field_nodes, info.parent_type, ref)
        return None if data is None else orjson.loads(data)
