/** ARN of a signing profile, with the version in the last group where it is named. */
export const PROFILE_ARN =
  /^(arn:aws[a-z-]*:signer:[a-z0-9-]{1,40}:\d{12}:\/signing-profiles\/[A-Za-z0-9_]{2,64})(?:\/([A-Za-z0-9]{10}))?$/;

export const isProfileArn = (text: string): boolean => PROFILE_ARN.test(text);
