// The lab's accounts, as people.py has them.

export const ACCOUNTS = 64;
export const PASSWORD = "correct horse battery staple";
export const email = (number) => `lab-${number}@example.com`;
export const ANSWER = { hello: email(0) };
