"""What staff do with files: they ask where to send one."""

from datetime import datetime
from typing import Annotated

import strawberry

from models.media import MediaKind as StoredKind
from models.staff import Role
from resolvers import media_upload as resolver
from schema.attempt import Info, attempt, staff_mutation
from schema.given import as_stored
from schema.media import MediaKind
from schema.payload import Payload, outcome
from schema.scalars import Url


@strawberry.type(description="One more part of a form, or one header, to be sent with a file.")
class MediaUploadField:
    """Named as it is sent."""

    name: str = strawberry.field(description="Its name.")
    value: str = strawberry.field(description="What it says.")


@strawberry.type(
    description="Where to send one file, once: `wx.uploadFile({url, filePath, name: fieldName, header, formData})`, or"
    " any multipart POST. The answer is JSON with the `url` to use in `MediaInput`, or `{code, message}`."
)
class MediaUpload:
    """Good for one file."""

    url: Url = strawberry.field(description="Where to send it. Secret: who has it may send.")
    field_name: str = strawberry.field(description="The name of the form's part that is the file.")
    headers: list[MediaUploadField] = strawberry.field(description="Headers to send along; may be empty.")
    form_data: list[MediaUploadField] = strawberry.field(description="Other parts of the form; may be empty.")
    expires_at: datetime = strawberry.field(description="Until when; then ask for another.")


@strawberry.type(description="What became of mediaUploadCreate.")
class MediaUploadCreatePayload(Payload):
    """A place to send a file to."""

    upload: MediaUpload | None = outcome("Where to send the file.")


@strawberry.type
class MediaMutation:
    """Part of Mutation."""

    @staff_mutation(
        "Ask where to send a picture or film. What comes is checked by its content: it must be whole, of this type and"
        " size, and of at most 16,000 pixels on a side and 40 million in all. Pictures lose where and how they were"
        " taken. Asked twice it gives two addresses, which does no harm.",
        Role.CATALOGUE,
    )
    async def media_upload_create(
        self,
        info: Info,
        kind: Annotated[MediaKind, strawberry.argument(description="Picture or film.")],
        size: Annotated[int, strawberry.argument(description="Its bytes: at most 20 million, a film's 100 million.")],
        type: Annotated[
            str,
            strawberry.argument(description="image/jpeg, image/png, image/webp or image/gif; of a film video/mp4."),
        ],
    ) -> MediaUploadCreatePayload:
        """For one file."""
        caller = info.context.caller
        target, errors = await attempt(
            caller, resolver.media_upload_create(caller, as_stored(StoredKind, kind), size, type)
        )
        if target is None:
            return MediaUploadCreatePayload(upload=None, user_errors=errors)
        upload = MediaUpload(
            url=Url(target.url), field_name=target.field_name, headers=[], form_data=[], expires_at=target.expires_at
        )
        return MediaUploadCreatePayload(upload=upload, user_errors=errors)
