"""Cognito user pool of the web app, with its client."""

from aws_cdk import Duration, Stack
from aws_cdk import aws_cognito as cognito
from constructs import Construct

from stacks.config import PROJECT, StageConfig
from stacks.constructs.storage import removal
from stacks.nag_suppressions import accept


class Auth(Construct):
    """User pool for sign-in by email and password over SRP, so that the password never leaves the browser."""

    def __init__(self, scope: Construct, id: str, config: StageConfig) -> None:
        super().__init__(scope, id)
        self.pool = cognito.UserPool(
            self,
            "Pool",
            self_sign_up_enabled=True,
            sign_in_aliases=cognito.SignInAliases(email=True),
            sign_in_case_sensitive=False,
            auto_verify=cognito.AutoVerifiedAttrs(email=True),
            # The old address stays valid until the new one is verified, so that a typo does not lock the user out.
            # https://docs.aws.amazon.com/cognito/latest/developerguide/user-pool-settings-email-phone-verification.html
            keep_original=None if config.is_local else cognito.KeepOriginalAttrs(email=True),
            standard_attributes=cognito.StandardAttributes(email=cognito.StandardAttribute(required=True)),
            password_policy=cognito.PasswordPolicy(
                min_length=12,
                require_lowercase=True,
                require_uppercase=True,
                require_digits=True,
                require_symbols=True,
                temp_password_validity=Duration.days(3),
            ),
            mfa=cognito.Mfa.OPTIONAL,
            mfa_second_factor=cognito.MfaSecondFactor(otp=True, sms=False),
            account_recovery=cognito.AccountRecovery.EMAIL_ONLY,
            feature_plan=cognito.FeaturePlan.ESSENTIALS,
            deletion_protection=config.keeps_data,
            removal_policy=removal(config),
        )
        accept(self.pool, "COG2", "a second factor is optional for users; requiring it is the operator's decision")
        if config.sender_email:
            _send_by_ses(self.pool, config)
        for rule in ("COG3", "COG8"):
            accept(self.pool, rule, "threat protection needs the Plus plan, charged per user: see docs/operations.md")
        self.client = self.pool.add_client(
            "Web",
            auth_flows=cognito.AuthFlow(user_srp=True),
            generate_secret=False,  # a browser cannot keep one
            disable_o_auth=True,
            prevent_user_existence_errors=True,
            enable_token_revocation=True,
            id_token_validity=Duration.hours(1),
            access_token_validity=Duration.hours(1),
            refresh_token_validity=Duration.days(30),
        )


def _send_by_ses(pool: cognito.UserPool, config: StageConfig) -> None:
    """Send mail from `sender_email` by its domain's SES identity.

    Set on the CloudFormation resource, since CDK's own option needs a literal region.
    """
    stack = Stack.of(pool)
    identity = f"arn:{stack.partition}:ses:{stack.region}:{stack.account}:identity/{config.sender_domain}"
    resource = pool.node.default_child
    assert isinstance(resource, cognito.CfnUserPool)
    resource.email_configuration = cognito.CfnUserPool.EmailConfigurationProperty(
        email_sending_account="DEVELOPER", from_=f"{PROJECT} <{config.sender_email}>", source_arn=identity
    )
