/** Who is said to own what is written for the webhooks, in `managedFields`. */
export const FIELD_MANAGER = 'clarion-webhooks'
