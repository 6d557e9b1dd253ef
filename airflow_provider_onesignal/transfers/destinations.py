"""Where a transfer writes to, as the part of an operator that knows one kind of store."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from airflow.providers.common.compat.sdk import BaseOperator

from airflow_provider_onesignal.exceptions import OneSignalConfigurationError
from airflow_provider_onesignal.transfers import places

if TYPE_CHECKING:
    from airflow_provider_onesignal.stream.sink import Sink


class Destination(BaseOperator):
    """
    An operator that writes one object.

    :param replace: write over an object that is there
    """

    def __init__(self, *, replace: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.replace = replace

    @abstractmethod
    def sink(self) -> Sink:
        """
        Describe the place, without asking anybody.

        :raises OneSignalValidationError: it is malformed
        :raises OneSignalConfigurationError: the extra for this store is not installed
        """


class S3Destination(Destination):
    """
    A key of Amazon S3, or of a store that speaks its protocol.

    :param s3_key: the key, or a full ``s3://bucket/key`` URL
    :param s3_bucket: the bucket; None with a full URL, or to take the one that the AWS connection
        names (its extra's ``service_config``: ``s3``: ``bucket_name``)
    :param encrypt: let S3 encrypt the object at rest (AES256)
    :param acl_policy: canned ACL of the object, such as ``bucket-owner-full-control``
    :param aws_conn_id: Airflow connection to AWS; None for the credentials boto3 finds by itself
    :param verify: whether to check TLS certificates, or the path of the CA bundle to check with;
        None for what the AWS connection says
    """

    destination_fields: Sequence[str] = ("s3_key", "s3_bucket", "acl_policy", "aws_conn_id")

    def __init__(
        self,
        *,
        s3_key: str,
        s3_bucket: str | None = None,
        encrypt: bool = False,
        acl_policy: str | None = None,
        aws_conn_id: str | None = "aws_default",
        verify: bool | str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.s3_key = s3_key
        self.s3_bucket = s3_bucket
        self.encrypt = encrypt
        self.acl_policy = acl_policy
        self.aws_conn_id = aws_conn_id
        self.verify = verify

    def sink(self) -> Sink:
        """Describe the place, without asking anybody."""
        _require("airflow.providers.amazon", extra="amazon")
        from airflow_provider_onesignal.sinks.s3 import S3Sink

        key, bucket = places.s3(self.s3_key, self.s3_bucket)
        return S3Sink(
            key=key,
            bucket=bucket,
            encrypt=self.encrypt,
            acl_policy=self.acl_policy,
            aws_conn_id=self.aws_conn_id,
            verify=self.verify,
        )


class GCSDestination(Destination):
    """
    An object of Google Cloud Storage.

    :param bucket_name: the bucket
    :param object_name: the object
    :param gcp_conn_id: Airflow connection to Google Cloud
    :param impersonation_chain: service account to act as, or the chain of them
    """

    destination_fields: Sequence[str] = (
        "bucket_name",
        "object_name",
        "gcp_conn_id",
        "impersonation_chain",
    )

    def __init__(
        self,
        *,
        bucket_name: str,
        object_name: str,
        gcp_conn_id: str = "google_cloud_default",
        impersonation_chain: str | Sequence[str] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.bucket_name = bucket_name
        self.object_name = object_name
        self.gcp_conn_id = gcp_conn_id
        self.impersonation_chain = impersonation_chain

    def sink(self) -> Sink:
        """Describe the place, without asking anybody."""
        _require("airflow.providers.google", extra="google")
        from airflow_provider_onesignal.sinks.gcs import GCSSink

        return GCSSink(
            bucket_name=places.bucket(self.bucket_name, name="bucket_name"),
            object_name=places.object_name(self.object_name, name="object_name"),
            replace=self.replace,
            gcp_conn_id=self.gcp_conn_id,
            impersonation_chain=self.impersonation_chain,
        )


class ObjectStorageDestination(Destination):
    """
    Anything that Airflow's ``ObjectStoragePath`` reaches.

    :param path: URL of the object, with its Airflow connection as the user where it needs one:
        ``file:///data/x.csv.gz``, ``s3://aws_default@bucket/key``, ``abfs://conn@container/key``
    """

    destination_fields: Sequence[str] = ("path",)

    def __init__(self, *, path: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.path = path

    def sink(self) -> Sink:
        """Describe the place, without asking anybody."""
        from airflow_provider_onesignal.sinks.object_storage import ObjectStorageSink

        sink = ObjectStorageSink(places.path(self.path))
        try:
            sink.uri  # noqa: B018  (finds the filesystem's package)
        except ImportError as error:
            raise OneSignalConfigurationError(
                f"The package that serves {str(self.path).partition('://')[0]}:// paths is not "
                f"installed ({error}); for s3:// it comes with "
                "pip install 'apache-airflow-providers-amazon[s3fs]'."
            ) from error
        except ValueError as error:
            raise OneSignalConfigurationError(
                f"No filesystem serves {str(self.path).partition('://')[0]}:// paths ({error}): "
                "correct the path, or install the Airflow provider of that store."
            ) from error
        return sink


def _require(package: str, *, extra: str) -> None:
    try:
        is_there = find_spec(package) is not None
    except ModuleNotFoundError:
        is_there = False
    if not is_there:
        raise OneSignalConfigurationError(
            f"The package {package} is not installed: "
            f"pip install 'airflow-provider-onesignal[{extra}]'"
        )
